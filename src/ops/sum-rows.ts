import type { Recorder } from '../runtime/recorder.js';
import { dispatch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, sizeOf } from '../runtime/tensor.js';

/**
 * y[o,i] = Σ_r x[o,r,i], in an order that does not change from run to run: `x.sum(1)`. It is the adjoint of adding one
 * row to many.
 *
 * @param x of outer·rows·inner elements.
 * @param y of outer·inner elements, written whole.
 * @throws RangeError when sizes do not fit.
 */
export function sumRows(
  rec: Recorder,
  x: Tensor,
  { outer, rows }: { outer: number; rows: number },
  y: Tensor,
): void {
  const inner = sizeOf(y.shape) / outer;
  expectShape('sumRows', { ...x, shape: [sizeOf(x.shape)] }, [outer * rows * inner]);
  dispatch(rec, {
    kernel: 'sum_rows',
    params: { rows, inner },
    bindings: { x, y },
    workgroups: [Math.ceil(inner / 16), outer],
  });
}

/** The plain twin of `sumRows`, in float64. */
export function sumRowsReference(
  x: ArrayLike<number>,
  { outer, rows, inner }: { outer: number; rows: number; inner: number },
): Float64Array {
  const y = new Float64Array(outer * inner);
  for (let at = 0; at < outer * rows * inner; at++) {
    y[Math.floor(at / (rows * inner)) * inner + (at % inner)]! += x[at]!;
  }
  return y;
}
