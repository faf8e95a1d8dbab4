import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { matmul, matmulReference } from '../../src/ops/matmul.js';
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

describe('matmul', () => {
  it('equals its float64 twin over odd shapes', async () => {
    const shapes = fc.record({
      batch: fc.integer({ min: 1, max: 3 }),
      rows: fc.integer({ min: 1, max: 70 }),
      inner: fc.integer({ min: 1, max: 40 }),
      columns: fc.integer({ min: 1, max: 70 }),
      seed: fc.integer(),
    });
    await fc.assert(
      fc.asyncProperty(shapes, async ({ seed, ...size }) => {
        const a = gaussian([size.batch, size.rows, size.inner], seed);
        const b = gaussian([size.batch, size.inner, size.columns], seed + 1);
        const { y } = await evaluate(gpu, { a, b }, (rec, t) => ({ y: matmul(rec, t.a, t.b) }));
        expectClose('matmul', y.data, matmulReference(a.data, b.data, size), 4e-7);
      }),
      { numRuns: 30, seed: 1 },
    );
  });
});
