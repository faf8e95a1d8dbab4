import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { softmax, softmaxReference } from '../../src/ops/softmax.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import { evaluate } from '../../src/runtime/evaluate.js';
import { expectClose } from '../compare.js';
import { gaussian, openTestGpu } from '../fixtures.js';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openTestGpu();
});
afterAll(() => closeGpu(gpu));

describe('softmax', () => {
  it('equals its float64 twin, for values of any size', async () => {
    const cases = fc.tuple(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 200 }),
      fc.constantFrom(1, 30, 1e4),
      fc.integer(),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ([rows, channels, spread, seed]) => {
        const x = gaussian([rows, channels], seed);
        x.data.forEach((v, i) => (x.data[i] = v * spread));
        const { y } = await evaluate(gpu, { x }, (rec, t) => ({ y: softmax(rec, t.x) }));
        expectClose('softmax', y.data, softmaxReference(x.data, channels), 6e-7);
      }),
      { numRuns: 30, seed: 1 },
    );
  });
});
