import { describe, expect, it } from 'vitest';
import { chooseTuning } from '../../src/runtime/tuning.js';

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
    expect(chooseTuning(adapter(false, 32))).toMatchObject({ product: 'shared', row: 'workgroup' });
    expect(chooseTuning(adapter(true, 8))).toMatchObject({ product: 'subgroup', row: 'invocation' });
    expect(chooseTuning(adapter(true, undefined))).toMatchObject({ product: 'shared', row: 'invocation' });
    expect(chooseTuning(adapter(true, 4)).conv3x3).toBe('rows');
  });
});
