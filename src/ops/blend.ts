import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { sizeOf } from '../runtime/tensor.js';

/**
 * y ← keep·y + add·x, in place.
 *
 * @param control keep and add, `[2]`.
 * @param x of the size of y.
 */
export function blend(rec: Recorder, control: Tensor, x: Tensor, y: Tensor): void {
  const count = sizeOf(y.shape);
  if (sizeOf(x.shape) !== count) throw new RangeError(`blend: ${x.label} and ${y.label} differ in size`);
  dispatch(rec, {
    kernel: 'blend',
    params: { count },
    bindings: { control, x, y },
    workgroups: flatGrid(count, 64),
  });
}

/** The plain twin of `blend`, in float64. */
export function blendReference(
  [keep, add]: readonly [number, number],
  x: ArrayLike<number>,
  y: ArrayLike<number>,
): Float64Array {
  return Float64Array.from(y, (value, i) => (keep === 0 ? 0 : keep * value) + add * x[i]!);
}
