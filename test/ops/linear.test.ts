import fc from 'fast-check';
import { beforeAll, beforeEach, afterAll, describe, it } from 'vitest';
import { linear, linearReference } from '../../src/ops/linear.js';
import { evaluate } from '../../src/runtime/evaluate.js';
import { expectClose } from '../compare.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import { openTestGpu, gaussian, products, useProduct } from '../fixtures.js';
import type { Gpu } from '../../src/runtime/gpu.js';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openTestGpu();
});
afterAll(() => closeGpu(gpu));

describe.each(products)('linear, %s', (product) => {
  beforeEach((test) => useProduct(gpu, product, test));

  it('equals its float64 twin over odd shapes, with and without bias and activation', async () => {
    const shapes = fc.record({
      rows: fc.integer({ min: 1, max: 70 }),
      inputs: fc.oneof(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }).map((k) => 4 * k),
      ),
      outputs: fc.integer({ min: 1, max: 70 }),
      activation: fc.constantFrom('none', 'geluErf', 'geluTanh', 'silu', 'tanh'),
      biased: fc.boolean(),
      seed: fc.integer(),
    });
    await fc.assert(
      fc.asyncProperty(shapes, async ({ rows, inputs, outputs, activation, biased, seed }) => {
        const x = gaussian([rows, inputs], seed);
        const w = gaussian([outputs, inputs], seed + 1);
        const bias = gaussian([outputs], seed + 2);
        const { y } = await evaluate(gpu, { x, w, bias }, (rec, t) => ({
          y: linear(rec, t.x, t.w, { activation, bias: biased ? t.bias : undefined }),
        }));
        const size = { rows, inputs, outputs };
        const expected = linearReference(x.data, w.data, biased ? bias.data : undefined, size, activation);
        expectClose('linear', y.data, expected, 2e-6);
      }),
      { numRuns: 40, seed: 1 },
    );
  });
});
