import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import type { Precision, Tensor } from '../runtime/tensor.js';
import { sizeOf } from '../runtime/tensor.js';

/**
 * The same values stored as `precision`: rounded to the nearest; in f16 infinity from ±65520 on, as `Tensor.half()` has
 * it.
 *
 * @param x f32.
 * @returns the shape of x; x itself if there is nothing to do.
 */
export function convert(rec: Recorder, x: Tensor, precision: Precision): Tensor {
  if ((x.precision ?? 'f32') === precision) return x;
  const count = sizeOf(x.shape);
  const y = scratch(rec, x.label, x.shape, precision);
  dispatch(rec, {
    kernel: 'convert',
    params: { count },
    bindings: { x, y },
    workgroups: flatGrid(count, 64),
  });
  return y;
}
