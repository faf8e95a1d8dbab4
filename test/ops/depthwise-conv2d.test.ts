import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { depthwiseConv2d, depthwiseConv2dReference } from '../../src/ops/depthwise-conv2d.js';
import { shortcut, shortcutReference } from '../../src/ops/shortcut.js';
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

const shape = {
  batch: fc.integer({ min: 1, max: 3 }),
  channels: fc.integer({ min: 1, max: 9 }),
  height: fc.integer({ min: 5, max: 12 }),
  width: fc.integer({ min: 5, max: 12 }),
  seed: fc.integer(),
};

describe('depthwiseConv2d', () => {
  it('equals its float64 twin over odd shapes, kernels, strides and uneven paddings', async () => {
    const padding = fc.integer({ min: 0, max: 2 });
    const drawn = fc.record({
      ...shape,
      kernel: fc.integer({ min: 1, max: 5 }),
      stride: fc.integer({ min: 1, max: 3 }),
      padding: fc.tuple(padding, padding),
      biased: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(drawn, async ({ biased, seed, ...size }) => {
        const { batch, channels, height, width, kernel } = size;
        const x = gaussian([batch, channels, height, width], seed);
        const w = gaussian([channels, kernel, kernel], seed + 1);
        const bias = gaussian([channels], seed + 2);
        const { y } = await evaluate(gpu, { x, w, bias }, (rec, t) => ({
          y: depthwiseConv2d(rec, t.x, t.w, { ...size, bias: biased ? t.bias : undefined }),
        }));
        const expected = depthwiseConv2dReference(x.data, w.data, biased ? bias.data : undefined, size);
        expectClose('depthwiseConv2d', y.data, expected, 4e-7);
      }),
      { numRuns: 30, seed: 1 },
    );
  });

  it('refuses shapes that do not fit', async () => {
    const run = evaluate(gpu, { x: gaussian([1, 3, 5, 5], 1), w: gaussian([2, 3, 3], 2) }, (rec, t) => ({
      y: depthwiseConv2d(rec, t.x, t.w),
    }));
    await expect(run).rejects.toThrow('depthwiseConv2d: w[2,3,3] should have shape [3,3,3]');
  });
});

describe('shortcut', () => {
  it('equals its float64 twin with pooling, added channels and no shortcut at all', async () => {
    const drawn = fc.record({
      ...shape,
      pool: fc.integer({ min: 1, max: 2 }),
      inputs: fc.integer({ min: 0, max: 9 }),
    });
    await fc.assert(
      fc.asyncProperty(drawn, async ({ batch, channels, height, width, pool, inputs, seed }) => {
        const size = { channels, height, width, pool, inputs: Math.min(inputs, channels) };
        const v = gaussian([batch, channels, height, width], seed);
        const x = gaussian([batch, Math.max(size.inputs, 1), height * pool, width * pool], seed + 1);
        const { y } = await evaluate(gpu, { v, x }, (rec, t) => ({
          y: shortcut(rec, t.v, size.inputs > 0 ? t.x : undefined, pool),
        }));
        expectClose('shortcut', y.data, shortcutReference(v.data, x.data, size), 3e-7);
      }),
      { numRuns: 30, seed: 1 },
    );
  });

  it('refuses a shortcut with more channels than the block', async () => {
    const run = evaluate(gpu, { v: gaussian([1, 2, 4, 4], 1), x: gaussian([1, 3, 4, 4], 2) }, (rec, t) => ({
      y: shortcut(rec, t.v, t.x),
    }));
    await expect(run).rejects.toThrow('shortcut: x[1,3,4,4] should have shape [1,2,4,4]');
  });
});
