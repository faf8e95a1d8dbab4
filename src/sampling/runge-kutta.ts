/** dy/dt at (t, y), in float64. */
export type Derivative = (t: number, y: Float64Array) => Promise<Float64Array>;

/**
 * An explicit Runge–Kutta method as its Butcher tableau:
 *
 *     k_i = f(t + c_i h, y + h Σ_{j<i} a_ij k_j)        y(t + h) ≈ y + h Σ_i b_i k_i
 *
 * c and b have one entry a stage, a one row a stage, row i with i entries.
 */
export interface Tableau {
  readonly c: readonly number[];
  readonly a: readonly (readonly number[])[];
  readonly b: readonly number[];
}

/** Order 1, one evaluation a step. c = [0], b = [1]: what FLOAT samples with. */
export const euler: Tableau = { c: [0], a: [[]], b: [1] };

/** Order 2, two evaluations a step: an Euler step to the middle, then the slope found there for the whole step. */
export const midpoint: Tableau = { c: [0, 1 / 2], a: [[], [1 / 2]], b: [0, 1] };

/** Heun's method of order 2 (the explicit trapezoid), two evaluations a step: the mean of the slopes at both ends. */
export const heun: Tableau = { c: [0, 1], a: [[], [1]], b: [1 / 2, 1 / 2] };

/** Kutta's 3/8 rule: order 4, four evaluations a step. torchdiffeq's `rk4` is this one, not the classical method. */
export const rk4: Tableau = {
  c: [0, 1 / 3, 2 / 3, 1],
  a: [[], [1 / 3], [-1 / 3, 1], [1, -1, 1]],
  b: [1 / 8, 3 / 8, 3 / 8, 1 / 8],
};

/**
 * The slopes k_i of one step of size h from (t, y).
 *
 * @param first k_0 = f(t, y) where it is known already, which saves its evaluation
 */
export async function stages(
  f: Derivative,
  tableau: Tableau,
  t: number,
  h: number,
  y: Float64Array,
  first?: Float64Array,
): Promise<Float64Array[]> {
  const k: Float64Array[] = first ? [first] : [];
  for (let i = k.length; i < tableau.c.length; i++) {
    // Stages run one after another: each needs the slopes before it.
    k.push(await f(t + tableau.c[i]! * h, combine(y, h, tableau.a[i]!, k)));
  }
  return k;
}

/** y + h Σ_j w_j k_j. */
export function combine(
  y: Float64Array,
  h: number,
  w: readonly number[],
  k: readonly Float64Array[],
): Float64Array {
  const sum = Float64Array.from(y);
  w.forEach((wj, j) => {
    const kj = k[j]!;
    if (wj === 0) return;
    for (let i = 0; i < sum.length; i++) sum[i]! += h * wj * kj[i]!;
  });
  return sum;
}
