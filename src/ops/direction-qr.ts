import type { Recorder } from '../runtime/recorder.js';
import { dispatch, scratch } from '../runtime/recorder.js';
import { note } from '../runtime/tape.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent } from '../runtime/tensor.js';

/** What direction_qr.wgsl has room for. */
const mostColumns = 256;

/**
 * Q of A + 10⁻⁸ = Q·R, the orthonormal motion directions, on the GPU: `householderQ` of models/autoencoder/qr.ts, for
 * directions that are learned. The motion Q·λ is then `linear(λ, Q)`.
 *
 * From QᵀQ = I the change of Q is dQ = Q·Ω + (I − QQᵀ)·dA·R⁻¹ with Ω antisymmetric, its lower part that of Qᵀ·dA·R⁻¹.
 * What goes back to A is, for a gradient G of Q and M = −GᵀQ,
 *
 *     dA = (G + Q·(tril M + (tril₋₁ M)ᵀ))·R^(−T)
 *
 * @param a `[rows ≥ cols, cols]`.
 * @returns `[rows, cols]`.
 * @throws RangeError when there are more columns than rows, or than 256.
 */
export function directionQr(rec: Recorder, a: Tensor, label = 'directions'): Tensor {
  expectShape('directionQr', a, [-1, -1]);
  const [rows, cols] = [extent(a, 0), extent(a, 1)];
  if (cols > Math.min(rows, mostColumns))
    throw new RangeError(`directionQr: ${cols} columns of ${rows} rows`);
  const [q, work] = [scratch(rec, label, [rows, cols]), scratch(rec, 'reflections', [rows, cols])];
  const r = scratch(rec, 'R', [cols, cols]);
  dispatch(rec, {
    kernel: 'direction_qr',
    params: { rows, cols },
    bindings: { a, work, q, r },
    workgroups: [1],
  });
  note(rec, {
    operator: 'directionQr',
    inputs: [a],
    output: q,
    adjoint: ({ dy, into, give }) => {
      const da = into(a, `d ${a.label}`);
      dispatch(rec, {
        kernel: 'direction_qr_adjoint',
        params: { rows, cols },
        bindings: { q, r, dq: dy, m: scratch(rec, 'M', [cols, cols]), da },
        workgroups: [1],
      });
      give(a, da);
    },
  });
  return q;
}

/** The adjoint of `householderQ`, in float64, from its Q and R. */
export function directionQrAdjointReference(
  q: ArrayLike<number>,
  r: ArrayLike<number>,
  dq: ArrayLike<number>,
  rows: number,
  cols: number,
): Float64Array {
  const m = (i: number, j: number) => {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum -= dq[row * cols + i]! * q[row * cols + j]!;
    return sum;
  };
  const da = new Float64Array(rows * cols);
  for (let row = 0; row < rows; row++) {
    for (let j = cols - 1; j >= 0; j--) {
      let value = dq[row * cols + j]!;
      for (let l = 0; l < cols; l++) value += q[row * cols + l]! * m(Math.max(l, j), Math.min(l, j));
      for (let l = j + 1; l < cols; l++) value -= da[row * cols + l]! * r[j * cols + l]!;
      da[row * cols + j] = value / r[j * cols + j]!;
    }
  }
  return da;
}
