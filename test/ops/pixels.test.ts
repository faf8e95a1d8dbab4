import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packRgba8, packRgba8Reference } from '../../src/ops/pixels.js';
import { evaluate } from '../../src/runtime/evaluate.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import { gaussian, openTestGpu } from '../fixtures.js';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openTestGpu();
});
afterAll(() => closeGpu(gpu));

async function pack(shape: readonly number[], data: Float32Array<ArrayBuffer>): Promise<Uint8Array> {
  const { y } = await evaluate(gpu, { x: { shape, data } }, (rec, t) => ({ y: packRgba8(rec, t.x) }));
  return new Uint8Array(y.data.buffer);
}

describe('packRgba8', () => {
  it('equals its twin for pictures that leave −1 … 1', async () => {
    const x = gaussian([2, 3, 5, 31], 1);
    expect(await pack(x.shape, x.data)).toEqual(packRgba8Reference(x.data, 2, 155));
  });

  it('clamps, truncates and never rounds up', async () => {
    const data = Float32Array.from([-3, -1, -0.9999, 0, 0.9999, 1, 3, 1 / 255, 0.5, -0.5, 0.1, 0.2]);
    const pixels = await pack([1, 3, 2, 2], data);
    expect([...pixels]).toEqual([0, 254, 191, 255, 0, 255, 63, 255, 0, 255, 140, 255, 127, 128, 153, 255]);
  });

  it('makes NaN black and infinity the nearest colour, and says so by alpha 0', async () => {
    const data = Float32Array.from([NaN, 1, 0, Infinity, 0, 0, -Infinity, 1, 0, 0, NaN, 1]);
    const pixels = await pack([1, 3, 2, 2], data);
    expect([...pixels]).toEqual([0, 127, 127, 0, 255, 127, 127, 255, 127, 0, 0, 0, 255, 255, 255, 0]);
    expect(pixels).toEqual(packRgba8Reference(data, 1, 4));
  });
});
