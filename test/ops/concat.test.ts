import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { concat, concatReference } from '../../src/ops/concat.js';
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

describe('concat', () => {
  it('equals its plain twin along any axis', async () => {
    const extent = fc.integer({ min: 1, max: 6 });
    const cases = fc.tuple(extent, extent, extent, extent, fc.constantFrom(0, 1, 2), fc.integer());
    await fc.assert(
      fc.asyncProperty(cases, async ([A, B, C, other, axis, seed]) => {
        const shape = [A, B, C];
        const x = gaussian(shape, seed);
        const z = gaussian(shape.with(axis, other), seed + 1);
        const { y } = await evaluate(gpu, { x, z }, (rec, t) => ({ y: concat(rec, [t.x, t.z, t.x], axis) }));
        const product = (part: number[]) => part.reduce((a, b) => a * b, 1);
        const expected = concatReference([x.data, z.data, x.data], {
          outer: product(shape.slice(0, axis)),
          extents: [shape[axis]!, other, shape[axis]!],
          inner: product(shape.slice(axis + 1)),
        });
        expect(y.shape).toEqual(shape.with(axis, 2 * shape[axis]! + other));
        expectClose('concat', y.data, expected, 0);
      }),
      { numRuns: 30, seed: 1 },
    );
  });
});
