import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { extent, sizeOf } from '../runtime/tensor.js';

/** exp(x) / Σ exp(x) over the last axis: `torch.softmax(x, -1)`. Returns the shape of x. */
export function softmax(rec: Recorder, x: Tensor, label = 'softmax'): Tensor {
  const channels = extent(x, x.shape.length - 1);
  const rows = sizeOf(x.shape) / channels;
  const y = scratch(rec, label, x.shape);
  dispatch(rec, {
    kernel: 'softmax',
    params: { rows, channels },
    bindings: { x, y },
    workgroups: flatGrid(rows, 1),
  });
  return y;
}

/** The plain twin of `softmax`, in float64: x `[rows, channels]`. */
export function softmaxReference(x: ArrayLike<number>, channels: number): Float64Array {
  const y = Float64Array.from(x);
  for (let first = 0; first < y.length; first += channels) {
    const row = y.subarray(first, first + channels);
    const largest = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const exps = row.map((v) => Math.exp(v - largest));
    const total = exps.reduce((sum, v) => sum + v, 0);
    row.set(exps.map((v) => v / total));
  }
  return y;
}
