import type { Recorder } from '../runtime/recorder.js';
import { dispatch, scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent } from '../runtime/tensor.js';

/**
 * y = a·b for each batch entry: `torch.bmm`.
 *
 * @param a `[B,M,K]`.
 * @param b `[B,K,N]`.
 * @returns `[B,M,N]`.
 * @throws RangeError when shapes do not fit.
 */
export function matmul(rec: Recorder, a: Tensor, b: Tensor, label = 'matmul'): Tensor {
  expectShape('matmul', a, [-1, -1, -1]);
  const batch = extent(a, 0);
  const rows = extent(a, 1);
  const inner = extent(a, 2);
  expectShape('matmul', b, [batch, inner, -1]);
  const columns = extent(b, 2);
  const y = scratch(rec, label, [batch, rows, columns]);
  dispatch(rec, {
    kernel: 'matmul',
    params: { rows, inner, columns },
    bindings: { a, b, y },
    workgroups: [Math.ceil(columns / 64), Math.ceil(rows / 64), batch],
  });
  return y;
}

/** The plain twin of `matmul`, in float64. */
export function matmulReference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  { batch, rows, inner, columns }: { batch: number; rows: number; inner: number; columns: number },
): Float64Array {
  const y = new Float64Array(batch * rows * columns);
  for (let row = 0; row < batch * rows; row++) {
    const origin = Math.floor(row / rows) * inner * columns;
    for (let n = 0; n < columns; n++) {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += a[row * inner + k]! * b[origin + k * columns + n]!;
      y[row * columns + n] = sum;
    }
  }
  return y;
}
