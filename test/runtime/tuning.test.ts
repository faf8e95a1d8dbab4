import { describe, expect, it } from 'vitest';
import { tuned } from '../../src/runtime/tuned.js';
import { chooseTuning, guessTuning, tuningKey } from '../../src/runtime/tuning.js';

/** An adapter by what tuning asks of it. */
function adapter(isFallbackAdapter: boolean, lanes: number | undefined, sharedKiB = 32): GPUAdapter {
  return {
    info: { isFallbackAdapter, subgroupMinSize: lanes, subgroupMaxSize: lanes },
    limits: { maxComputeWorkgroupStorageSize: 1024 * sharedKiB },
    features: new Set(lanes === undefined ? [] : ['subgroups']),
  } as unknown as GPUAdapter;
}

describe('tuning', () => {
  it('shares tiles on a card, and hands values round a subgroup on a processor that has them', () => {
    expect(guessTuning(adapter(false, 32))).toMatchObject({ product: 'shared', row: 'workgroup' });
    expect(guessTuning(adapter(true, 8))).toMatchObject({ product: 'subgroup', row: 'invocation' });
    expect(guessTuning(adapter(true, undefined))).toMatchObject({ product: 'shared', row: 'invocation' });
    expect(guessTuning(adapter(true, 4)).conv3x3).toBe('rows');
  });

  it('takes a tuned adapter from the table and guesses at any other', () => {
    const known = adapter(true, 8);
    expect(tuningKey(known)).toBe('processor, subgroups 8-8, 32 KiB shared');
    expect(chooseTuning(known)).toBe(tuned[tuningKey(known)]);
    const other = adapter(true, 16, 48);
    expect(chooseTuning(other)).toEqual(guessTuning(other));
  });
});
