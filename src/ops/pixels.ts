import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent } from '../runtime/tensor.js';

/**
 * 8-bit pixels of pictures in −1 … 1: ⌊(clamp(v, −1, 1) + 1)/2 · 255⌋ in each channel, 0 for NaN, alpha 255; alpha 0
 * says that a channel is NaN or infinite.
 *
 * @param x `[batch, 3, height, width]`, R, G, B.
 * @returns `[batch, height, width]` of four bytes R, G, B, A each (not floats).
 */
export function packRgba8(rec: Recorder, x: Tensor, label = 'pixels'): Tensor {
  expectShape('packRgba8', x, [-1, 3, -1, -1]);
  const [batch, height, width] = [extent(x, 0), extent(x, 2), extent(x, 3)];
  const pixels = scratch(rec, label, [batch, height, width]);
  dispatch(rec, {
    kernel: 'pack_rgba8',
    params: { batch, plane: height * width },
    bindings: { x, pixels },
    workgroups: flatGrid(batch * height * width, 64),
  });
  return pixels;
}

/** The plain twin of `packRgba8`: x `[batch, 3, plane]` → `[batch, plane, 4]`. */
export function packRgba8Reference(x: ArrayLike<number>, batch: number, plane: number): Uint8Array {
  const pixels = new Uint8Array(batch * plane * 4).fill(255);
  for (let id = 0; id < batch * plane; id++) {
    for (let c = 0; c < 3; c++) {
      const v = x[(Math.floor(id / plane) * 3 + c) * plane + (id % plane)]!;
      pixels[4 * id + c] = Math.floor(((Math.min(1, Math.max(-1, v)) + 1) / 2) * 255);
      if (!Number.isFinite(v)) pixels[4 * id + 3] = 0;
    }
  }
  return pixels;
}
