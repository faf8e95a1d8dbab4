import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { attention, attentionReference } from '../../src/ops/attention.js';
import { evaluate } from '../../src/runtime/evaluate.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import { expectClose } from '../compare.js';
import { gaussian, openTestGpu, products, useProduct } from '../fixtures.js';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openTestGpu();
});
afterAll(() => closeGpu(gpu));

const shapes = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  length: fc.oneof(fc.integer({ min: 1, max: 33 }), fc.integer({ min: 60, max: 70 })),
  heads: fc.integer({ min: 1, max: 3 }),
  headDim: fc.constantFrom(1, 5, 16, 36, 33, 64, 127, 128),
  reach: fc.option(fc.oneof(fc.integer({ min: 0, max: 10 }), fc.integer({ min: 30, max: 70 })), {
    nil: undefined,
  }),
  headsAtOnce: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
  seed: fc.integer(),
});

describe.each(products)('attention, %s', (product) => {
  beforeEach((test) => useProduct(gpu, product, test));

  it('equals its float64 twin, full and banded', async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async ({ batch, length, heads, headDim, reach, headsAtOnce, seed }) => {
        const shape = [batch, length, heads * headDim];
        const [q, k, v] = [gaussian(shape, seed), gaussian(shape, seed + 1), gaussian(shape, seed + 2)];
        const band = reach === undefined ? {} : { reach };
        const { y } = await evaluate(gpu, { q, k, v }, (rec, t) => ({
          y: attention(rec, t, { heads, ...band, ...(headsAtOnce && { headsAtOnce }) }),
        }));
        const size = { batch, length, heads, headDim, ...band };
        expectClose('attention', y.data, attentionReference(q.data, k.data, v.data, size), 7e-7);
      }),
      { numRuns: 24, seed: 1 },
    );
  });

  it('reads packed q, k, v as it reads them apart', async () => {
    const [batch, length, heads, headDim] = [2, 37, 3, 9];
    const width = heads * headDim;
    const qkv = gaussian([batch, length, 3 * width], 5);
    const part = (n: number) =>
      Float64Array.from({ length: batch * length * width }, (_, i) => {
        return qkv.data[Math.floor(i / width) * 3 * width + n * width + (i % width)]!;
      });
    const { y } = await evaluate(gpu, { qkv }, (rec, t) => ({
      y: attention(rec, t, { heads, reach: 2 }),
    }));
    const size = { batch, length, heads, headDim, reach: 2 };
    expectClose('packed', y.data, attentionReference(part(0), part(1), part(2), size), 3e-7);
  });

  it('holds where scores are large and grow from block to block', async () => {
    const shape = [1, 150, 8];
    const [q, k, v] = [gaussian(shape, 1), gaussian(shape, 2), gaussian(shape, 3)];
    // Exact in float32, so that the scores, up to several hundred, come from exact products.
    k.data.forEach((value, i) => (k.data[i] = Math.round(value * 8) * Math.floor(i / 8)));
    q.data.forEach((value, i) => (q.data[i] = Math.round(value * 8) / 8));
    const { y } = await evaluate(gpu, { q, k, v }, (rec, t) => ({ y: attention(rec, t, { heads: 2 }) }));
    const size = { batch: 1, length: 150, heads: 2, headDim: 4 };
    expectClose('attention', y.data, attentionReference(q.data, k.data, v.data, size), 3e-7);
  });

  it('refuses heads that do not divide the width or are wider than 128', async () => {
    const x = gaussian([1, 2, 130], 1);
    const run = (heads: number) =>
      evaluate(gpu, { x }, (rec, { x: t }) => ({ y: attention(rec, { q: t, k: t, v: t }, { heads }) }));
    await expect(run(4)).rejects.toThrow('x[1,2,130] is not 4 times at most 128 columns');
    await expect(run(1)).rejects.toThrow('x[1,2,130] is not 1 times at most 128 columns');
  });
});
