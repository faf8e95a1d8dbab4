import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { meanOverTime, meanOverTimeReference } from '../../src/ops/mean.js';
import { evaluate } from '../../src/runtime/evaluate.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import { expectClose } from '../compare.js';
import { gaussian, openTestGpu } from '../fixtures.js';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openTestGpu();
});
afterAll(() => closeGpu(gpu));

const sizes = fc.record({
  batch: fc.integer({ min: 1, max: 2 }),
  frames: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 6, max: 900 })),
  channels: fc.integer({ min: 1, max: 40 }),
});

describe('meanOverTime', () => {
  it('equals its float64 twin', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer(), async (size, seed) => {
        const x = gaussian([size.batch, size.frames, size.channels], seed);
        const { y } = await evaluate(gpu, { x }, (rec, t) => ({ y: meanOverTime(rec, t.x) }));
        expect(y.shape).toEqual([size.batch, size.channels]);
        expectClose('meanOverTime', y.data, meanOverTimeReference(x.data, size), 6e-7);
      }),
      { numRuns: 20, seed: 1 },
    );
  });
});
