import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { describe, expectShape, extent, sizeOf } from '../runtime/tensor.js';

/**
 * Linear interpolation in time, first frame on first and last on last:
 * `torch.nn.functional.interpolate(mode='linear', align_corners=True)`, in sequence layout.
 *
 * @param x `[B, T, C]`.
 * @returns `[B, outFrames, C]`; with one output frame, the first of x.
 * @throws RangeError when T·outFrames reaches 2³² (31 minutes of speech: 50 features and 25 frames a second).
 */
export function interpolateLinear(rec: Recorder, x: Tensor, outFrames: number): Tensor {
  expectShape('interpolateLinear', x, [-1, -1, -1]);
  const [batch, frames, channels] = [extent(x, 0), extent(x, 1), extent(x, 2)];
  if (frames * outFrames >= 2 ** 32) {
    throw new RangeError(`interpolateLinear: ${describe(x)} to ${outFrames} frames is too long`);
  }
  const y = scratch(rec, 'interpolateLinear', [batch, outFrames, channels]);
  const count = sizeOf(y.shape);
  dispatch(rec, {
    kernel: 'interpolate_linear',
    params: { frames, outFrames, channels, count },
    bindings: { x, y },
    workgroups: flatGrid(count, 256),
  });
  return y;
}

/** The plain twin of `interpolateLinear`, in float64: x `[batch, frames, channels]`. */
export function interpolateLinearReference(
  x: ArrayLike<number>,
  {
    batch,
    frames,
    channels,
    outFrames,
  }: { batch: number; frames: number; channels: number; outFrames: number },
): Float64Array {
  const y = new Float64Array(batch * outFrames * channels);
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < outFrames; t++) {
      const position = outFrames > 1 ? (t * (frames - 1)) / (outFrames - 1) : 0;
      const i = Math.floor(position);
      const f = position - i;
      for (let c = 0; c < channels; c++) {
        const at = (frame: number) => x[(b * frames + Math.min(frame, frames - 1)) * channels + c] ?? 0;
        y[(b * outFrames + t) * channels + c] = (1 - f) * at(i) + f * at(i + 1);
      }
    }
  }
  return y;
}
