import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  flowGrid,
  flowGridReference,
  gridSample,
  gridSampleReference,
  warpBlend,
  warpBlendReference,
} from '../../src/ops/flow.js';
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
  batch: fc.integer({ min: 1, max: 3 }),
  channels: fc.integer({ min: 1, max: 20 }),
  height: fc.integer({ min: 2, max: 9 }),
  width: fc.integer({ min: 2, max: 9 }),
  outHeight: fc.integer({ min: 2, max: 9 }),
  outWidth: fc.integer({ min: 2, max: 9 }),
  shared: fc.boolean(),
  alignCorners: fc.boolean(),
  seed: fc.integer(),
});

/** One frame's features, repeated for each frame. */
function repeat(data: Float32Array, times: number): Float32Array {
  return Float32Array.from({ length: data.length * times }, (_, at) => data[at % data.length]!);
}

describe('flowGrid', () => {
  it('equals its float64 twin, far into the saturation of tanh and sigmoid', async () => {
    for (const spread of [0.1, 1, 20]) {
      const [batch, height, width] = [2, 9, 70];
      const o = gaussian([batch, 3, height, width], spread);
      o.data.forEach((value, at) => (o.data[at] = value * spread));
      const { grid, mask } = await evaluate(gpu, { o }, (rec, t) => flowGrid(rec, t.o));
      const expected = flowGridReference(o.data, batch, height, width);
      expect(grid.shape).toEqual([batch, height, width, 2]);
      expectClose(`grid, spread ${spread}`, grid.data, expected.grid, 3e-7);
      expectClose(`mask, spread ${spread}`, mask.data, expected.mask, 3e-7);
    }
  });
});

describe('gridSample', () => {
  it('equals its float64 twin, inside and outside the picture', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async (size) => {
        const { batch, channels, height, width, outHeight, outWidth, shared, alignCorners, seed } = size;
        const x = gaussian([shared ? 1 : batch, channels, height, width], seed);
        const grid = gaussian([batch, outHeight, outWidth, 2], seed + 1);
        const { y } = await evaluate(gpu, { x, grid }, (rec, t) => ({
          y: gridSample(rec, t.x, t.grid, { alignCorners }),
        }));
        const full = shared ? repeat(x.data, batch) : x.data;
        const positions = outHeight * outWidth;
        const expected = gridSampleReference(full, grid.data, { ...size, positions }, alignCorners);
        expectClose('gridSample', y.data, expected, 2e-6);
      }),
      { numRuns: 40, seed: 1 },
    );
  });

  it('leaves a picture as it is at its own sample points, and is zero far outside', async () => {
    const [height, width] = [5, 7];
    const x = gaussian([1, 3, height, width], 1);
    for (const alignCorners of [true, false]) {
      const data = new Float32Array(height * width * 2);
      for (let at = 0; at < height * width; at++) {
        const place = (index: number, n: number) =>
          alignCorners ? (2 * index) / (n - 1) - 1 : (2 * index + 1) / n - 1;
        data[2 * at] = place(at % width, width);
        data[2 * at + 1] = place(Math.floor(at / width), height);
      }
      const far = { shape: [1, 1, 4, 2], data: Float32Array.from([1e9, 0, -1e9, 0, 0, 3e38, 0, -3e38]) };
      const own = { shape: [1, height, width, 2], data };
      const { same, zero } = await evaluate(gpu, { x, own, far }, (rec, t) => ({
        same: gridSample(rec, t.x, t.own, { alignCorners }),
        zero: gridSample(rec, t.x, t.far, { alignCorners }),
      }));
      expectClose('picture', same.data, x.data, 3e-7);
      expect(zero.data.every((value) => value === 0)).toBe(true);
    }
  });
});

describe('warpBlend', () => {
  it('equals mask·sample and mask·sample + (1 − mask)·h', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async (size) => {
        const { batch, channels, height, width, outHeight, outWidth, seed } = size;
        const x = gaussian([1, channels, height, width], seed);
        const grid = gaussian([batch, outHeight, outWidth, 2], seed + 1);
        const mask = gaussian([batch, outHeight, outWidth], seed + 2);
        const h = gaussian([batch, channels, outHeight, outWidth], seed + 3);
        const { warped, blended, alone } = await evaluate(gpu, { x, grid, mask, h }, (rec, t) => {
          const { warped, blended } = warpBlend(rec, t.x, t, t.h);
          return { warped, blended: blended!, alone: warpBlend(rec, t.x, t, undefined).warped };
        });
        const full = repeat(x.data, batch);
        const field = { grid: grid.data, mask: mask.data };
        const expected = warpBlendReference(full, field, h.data, {
          ...size,
          positions: outHeight * outWidth,
        });
        expectClose('warped', warped.data, expected.warped, 2e-6);
        expectClose('warped alone', alone.data, expected.warped, 2e-6);
        expectClose('blended', blended.data, expected.blended, 2e-6);
      }),
      { numRuns: 20, seed: 2 },
    );
  });
});
