import fc from 'fast-check';
import { beforeAll, beforeEach, afterAll, describe, expect, it } from 'vitest';
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

  it('equals its float64 twin over odd shapes, with and without bias, activation, gate and residual', async () => {
    const shapes = fc.record({
      rows: fc.integer({ min: 1, max: 70 }),
      inputs: fc.oneof(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }).map((k) => 4 * k),
        // So long that the sum is dealt out to several workgroups.
        fc.integer({ min: 256, max: 600 }),
      ),
      outputs: fc.integer({ min: 1, max: 70 }),
      activation: fc.constantFrom('none', 'geluErf', 'tanh'), // each is a pipeline; all are in elementwise.test.ts
      biased: fc.boolean(),
      gateOffset: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
      residual: fc.boolean(),
      seed: fc.integer(),
    });
    await fc.assert(
      fc.asyncProperty(
        shapes,
        async ({ rows, inputs, outputs, activation, biased, gateOffset, seed, ...has }) => {
          const x = gaussian([rows, inputs], seed);
          const w = gaussian([outputs, inputs], seed + 1);
          const bias = gaussian([outputs], seed + 2);
          const offset = gateOffset ?? 0;
          const packed = gaussian([rows, offset + outputs + 1], seed + 3);
          const residual = gaussian([rows, outputs], seed + 4);
          const { y } = await evaluate(gpu, { x, w, bias, packed, residual }, (rec, t) => ({
            y: linear(rec, t.x, t.w, {
              activation,
              bias: biased ? t.bias : undefined,
              gate: gateOffset === undefined ? undefined : { packed: t.packed, offset },
              residual: has.residual ? t.residual : undefined,
            }),
          }));
          const size = { rows, inputs, outputs };
          const gate = residual.data.map((_, at) => {
            return packed.data[Math.floor(at / outputs) * (offset + outputs + 1) + offset + (at % outputs)]!;
          });
          const expected = linearReference(x.data, w.data, biased ? bias.data : undefined, size, activation, {
            gate: gateOffset === undefined ? undefined : gate,
            residual: has.residual ? residual.data : undefined,
          });
          expectClose('linear', y.data, expected, 1e-6);
        },
      ),
      { numRuns: 40, seed: 1 },
    );
  });

  it('refuses a gate and a residual that do not fit', async () => {
    const [x, w, packed] = [gaussian([5, 6], 1), gaussian([4, 6], 2), gaussian([5, 7], 3)];
    const gated = evaluate(gpu, { x, w, packed }, (rec, t) => ({
      y: linear(rec, t.x, t.w, { gate: { packed: t.packed, offset: 4 } }),
    }));
    await expect(gated).rejects.toThrow('linear: packed has 7 columns, not 4 from 4');
    const added = evaluate(gpu, { x, w }, (rec, t) => ({ y: linear(rec, t.x, t.w, { residual: t.x }) }));
    await expect(added).rejects.toThrow('linear: x[5,6] should have shape [5,4]');
  });
});
