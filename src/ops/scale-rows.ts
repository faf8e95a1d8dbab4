import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import { note } from '../runtime/tape.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent, sizeOf } from '../runtime/tensor.js';

/**
 * y[r,c] = s[r]·x[r,c]; with s of zeros and ones, rows dropped. It is its own adjoint in x; s gets no gradient.
 *
 * @param x `[…, C]`; all leading axes are rows.
 * @param s `[rows]`.
 * @throws RangeError when shapes do not fit.
 */
export function scaleRows(rec: Recorder, x: Tensor, s: Tensor, label = 'scaleRows'): Tensor {
  const columns = extent(x, x.shape.length - 1);
  const count = sizeOf(x.shape);
  expectShape('scaleRows', s, [count / columns]);
  const y = scratch(rec, label, x.shape);
  dispatch(rec, {
    kernel: 'scale_rows',
    params: { count, columns },
    bindings: { x, s, y },
    workgroups: flatGrid(count, 64),
  });
  note(rec, {
    operator: 'scaleRows',
    inputs: [x],
    output: y,
    adjoint: ({ dy, give }) => give(x, scaleRows(rec, dy, s, `d ${x.label}`)),
  });
  return y;
}

/** The plain twin of `scaleRows`, and with dy for x of its adjoint, in float64. */
export function scaleRowsReference(x: ArrayLike<number>, s: ArrayLike<number>): Float64Array {
  const columns = x.length / s.length;
  return Float64Array.from(x, (value, at) => s[Math.floor(at / columns)]! * value);
}
