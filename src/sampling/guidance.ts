/**
 * Whether guidance takes three evaluations: with γ_a = γ_e = 1 the formula below is `all` itself, one evaluation
 * (Sec. 6 of docs/model.md).
 */
export function needsGuidance(gammaA: number, gammaE: number): boolean {
  return gammaA !== 1 || gammaE !== 1;
}

/**
 * Incremental classifier-free guidance (Sec. 6 of docs/model.md; the paper's vector field of speech and emotion, without γ_r):
 *
 *     v = u + γ_a (a − u) + γ_e (all − a)
 *
 * @param u the field without audio and emotion
 * @param a the field with audio alone
 * @param all the field with both; the three have the same length
 * @returns v, computed in float64 and rounded to float32
 */
export function combineGuidance(
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
