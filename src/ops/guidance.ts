import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, sizeOf } from '../runtime/tensor.js';

/**
 * Incremental classifier-free guidance v = u + γ_a·(a − u) + γ_e·(all − a) (Sec. 6 of docs/model.md).
 *
 * @param fields `[3, …]`: u without audio and emotion, a with audio alone, all with both.
 * @param scales `[2]`: γ_a, γ_e. A tensor, so that they can change between runs of a plan.
 * @returns `[1, …]`.
 * @throws RangeError when shapes do not fit.
 */
export function guidance(rec: Recorder, fields: Tensor, scales: Tensor, label = 'guidance'): Tensor {
  expectShape('guidance', fields, fields.shape.with(0, 3));
  expectShape('guidance', scales, [2]);
  const v = scratch(rec, label, fields.shape.with(0, 1));
  const count = sizeOf(v.shape);
  dispatch(rec, {
    kernel: 'guidance',
    params: { count },
    bindings: { fields, scales, v },
    workgroups: flatGrid(count, 64),
  });
  return v;
}

/**
 * Whether guidance takes three evaluations: with γ_a = γ_e = 1 the formula is `all` itself, one evaluation
 * (Sec. 6 of docs/model.md).
 */
export function needsGuidance(gammaA: number, gammaE: number): boolean {
  return gammaA !== 1 || gammaE !== 1;
}

/**
 * The plain twin of `guidance` (the paper's vector field of speech and emotion, without γ_r).
 *
 * @param u the field without audio and emotion
 * @param a the field with audio alone
 * @param all the field with both; the three have the same length
 * @returns v, computed in float64 and rounded to float32
 */
export function guidanceReference(
  u: ArrayLike<number>,
  a: ArrayLike<number>,
  all: ArrayLike<number>,
  gammaA: number,
  gammaE: number,
): Float32Array {
  if (u.length !== a.length || u.length !== all.length) {
    throw new RangeError(`guidance: fields of ${u.length}, ${a.length} and ${all.length} values`);
  }
  return Float32Array.from(u, (ui, i) => ui + gammaA * (a[i]! - ui) + gammaE * (all[i]! - a[i]!));
}
