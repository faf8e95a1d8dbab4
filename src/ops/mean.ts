import type { Recorder } from '../runtime/recorder.js';
import { dispatch, scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent } from '../runtime/tensor.js';

/**
 * The mean over time, `x.mean(1)`.
 *
 * @param x `[B, T, C]`.
 * @returns `[B, C]`.
 */
export function meanOverTime(rec: Recorder, x: Tensor): Tensor {
  expectShape('meanOverTime', x, [-1, -1, -1]);
  const [batch, frames, channels] = [extent(x, 0), extent(x, 1), extent(x, 2)];
  const y = scratch(rec, 'meanOverTime', [batch, channels]);
  dispatch(rec, {
    kernel: 'mean_over_time',
    params: { frames, channels },
    bindings: { x, y },
    workgroups: [Math.ceil(channels / 16), batch],
  });
  return y;
}

/** The plain twin of `meanOverTime`, in float64: x `[batch, frames, channels]`. */
export function meanOverTimeReference(
  x: ArrayLike<number>,
  { batch, frames, channels }: { batch: number; frames: number; channels: number },
): Float64Array {
  const y = new Float64Array(batch * channels);
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < frames; t++) {
      for (let c = 0; c < channels; c++) {
        const i = b * channels + c;
        y[i] = (y[i] ?? 0) + (x[(b * frames + t) * channels + c] ?? 0) / frames;
      }
    }
  }
  return y;
}
