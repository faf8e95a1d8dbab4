import type { Recorder } from '../runtime/recorder.js';
import { dispatch, scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { describe, expectShape, extent } from '../runtime/tensor.js';

export interface UnfoldOptions {
  /** Samples of a window. */
  readonly size: number;
  /** Samples from one window to the next. */
  readonly step: number;
}

/** Elements of a window laid out: products take them in fours. */
export function unfoldedWidth(size: number): number {
  return 4 * Math.ceil(size / 4);
}

/**
 * y[t,j] = x[t·step + j]: `torch.Tensor.unfold`, each window filled up with zeros. A convolution of one channel is then
 * a `linear` whose weights are filled up in the same way (`fillRows`).
 *
 * @param x `[samples]`.
 * @returns `[windows, unfoldedWidth(size)]`, ⌊(samples − size)/step⌋ + 1 windows.
 * @throws RangeError when x is shorter than a window.
 */
export function unfold(rec: Recorder, x: Tensor, { size, step }: UnfoldOptions, label = 'unfold'): Tensor {
  expectShape('unfold', x, [-1]);
  const windows = Math.floor((extent(x, 0) - size) / step) + 1;
  if (windows < 1) throw new RangeError(`unfold: ${describe(x)} is shorter than a window of ${size}`);
  const width = unfoldedWidth(size);
  const y = scratch(rec, label, [windows, width]);
  dispatch(rec, {
    kernel: 'unfold',
    params: { windows, size, step, fours: width / 4 },
    bindings: { x, y },
    workgroups: [Math.ceil(windows / 64), width / 4],
  });
  return y;
}

/** The plain twin of `unfold`. */
export function unfoldReference(x: ArrayLike<number>, { size, step }: UnfoldOptions): Float64Array {
  const windows = Math.floor((x.length - size) / step) + 1;
  const width = unfoldedWidth(size);
  return Float64Array.from({ length: windows * width }, (_, at) => {
    const j = at % width;
    return j < size ? x[Math.floor(at / width) * step + j]! : 0;
  });
}

/** `[rows, size]` → `[rows, unfoldedWidth(size)]`, filled up with zeros. */
export function fillRows(values: ArrayLike<number>, size: number): Float32Array<ArrayBuffer> {
  const width = unfoldedWidth(size);
  const filled = new Float32Array((values.length / size) * width);
  for (let at = 0; at < values.length; at++) {
    filled[Math.floor(at / size) * width + (at % size)] = values[at]!;
  }
  return filled;
}
