import { combine, stages, type Derivative, type Tableau } from './runge-kutta.js';

/**
 * Dormand and Prince's pair of orders 5 and 4 (1980). The last stage is evaluated at the new point, so it is the first
 * of the next step: six new evaluations a step.
 */
export const dormandPrince: Tableau = {
  c: [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1],
  a: [
    [],
    [1 / 5],
    [3 / 40, 9 / 40],
    [44 / 45, -56 / 15, 32 / 9],
    [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
    [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
    [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
  ],
  b: [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84, 0],
};

/** b minus the weights of an embedded method of order 4: torchdiffeq takes Shampine's, not Dormand and Prince's own. */
const errorWeights = [
  35 / 384 - 1951 / 21600,
  0,
  500 / 1113 - 22642 / 50085,
  125 / 192 - 451 / 720,
  -2187 / 6784 + 12231 / 42400,
  11 / 84 - 649 / 6300,
  -1 / 60,
];

/** Shampine's weights for the solution in the middle of a step: y(t + h/2) ≈ y + h Σ w_i k_i, accurate to order 4. */
const middleWeights = [
  6025192743 / 60171106304,
  0,
  51252292925 / 130801643196,
  -2691868925 / 90256659456,
  187940372067 / 3189068634112,
  -1776094331 / 39487288512,
  11237099 / 470086768,
];

export interface AdaptiveSolution {
  readonly y: Float64Array;
  /** Accepted steps. */
  readonly steps: number;
  readonly rejected: number;
}

/**
 * Integrates y' = f(t, y) from t = 0 to 1 with adaptive steps, as torchdiffeq's `dopri5` does: a step is accepted when
 * the root mean square of error_i / (atol + rtol max(|y_i|, |y'_i|)) is at most 1; the first step is Hairer's guess;
 * steps are not shortened to end at 1, the last one runs past it and is interpolated.
 *
 * @throws Error if the step size underflows or the number of attempted steps exceeds maxSteps; it names t
 */
export async function dopri5(
  f: Derivative,
  y0: Float64Array,
  rtol: number,
  atol: number,
  maxSteps: number,
): Promise<AdaptiveSolution> {
  let [t, y] = [0, y0];
  let slope = await f(0, y0);
  let h = await initialStep(f, y0, slope, rtol, atol);
  let steps = 0;
  for (let attempt = 1; attempt <= maxSteps; attempt++) {
    if (t + h === t) throw new Error(`dopri5: the step size vanishes at t = ${t}`);
    const k = await stages(f, dormandPrince, t, h, y, slope);
    const next = combine(y, h, dormandPrince.b, k);
    const nextSlope = k[6]!;
    const error = combine(new Float64Array(y.length), h, errorWeights, k);
    const ratio = rms(error.map((e, i) => e / (atol + rtol * Math.max(Math.abs(y[i]!), Math.abs(next[i]!)))));
    if (ratio <= 1) {
      steps++;
      if (t + h >= 1) {
        const middle = combine(y, h, middleWeights, k);
        const end = interpolate((1 - t) / h, h, y, next, slope, nextSlope, middle);
        return { y: end, steps, rejected: attempt - steps };
      }
      t += h;
      y = next;
      slope = nextSlope;
    }
    h *= stepFactor(ratio);
  }
  throw new Error(`dopri5: t = 1 not reached in ${maxSteps} steps, stopped at t = ${t}: the field is stiff`);
}

/**
 * By how much the next step is longer: the error is O(h⁵), so h·ratio^(−1/5) would just pass. 0.9 of that for safety,
 * at most 10 times, never shorter after success, and at least a fifth after failure.
 */
function stepFactor(ratio: number): number {
  const least = ratio < 1 ? 1 : 0.2;
  return Math.min(10, Math.max(0.9 * ratio ** (-1 / 5), least));
}

/**
 * Hairer, Nørsett and Wanner, Solving Ordinary Differential Equations I, Sec. II.4: an Euler step h0 that moves y by
 * a hundredth of itself gives the second derivative, and h1 makes the leading error term about 0.01. torchdiffeq
 * counts the method as of order 4 here, hence the fifth root.
 */
async function initialStep(
  f: Derivative,
  y0: Float64Array,
  f0: Float64Array,
  rtol: number,
  atol: number,
): Promise<number> {
  const scaled = (v: Float64Array) => rms(v.map((vi, i) => vi / (atol + rtol * Math.abs(y0[i]!))));
  const d0 = scaled(y0);
  const d1 = scaled(f0);
  const h0 = d0 < 1e-5 || d1 < 1e-5 ? 1e-6 : (0.01 * d0) / d1;
  const f1 = await f(h0, combine(y0, h0, [1], [f0]));
  const d2 = scaled(combine(f1, -1, [1], [f0])) / h0;
  const h1 = d1 <= 1e-15 && d2 <= 1e-15 ? Math.max(1e-6, h0 * 1e-3) : (0.01 / Math.max(d1, d2)) ** (1 / 5);
  return Math.min(100 * h0, h1);
}

/**
 * The quartic through both ends of a step, with their slopes, and its middle, at θ in 0…1: the cubic Hermite
 * interpolant H plus 16 θ²(1 − θ)² (middle − H(½)), a bump that vanishes with its slope at both ends.
 */
function interpolate(
  theta: number,
  h: number,
  y0: Float64Array,
  y1: Float64Array,
  f0: Float64Array,
  f1: Float64Array,
  middle: Float64Array,
): Float64Array {
  const rest = 1 - theta;
  const [h00, h01] = [rest * rest * (1 + 2 * theta), theta * theta * (3 - 2 * theta)];
  const [h10, h11] = [h * theta * rest * rest, -h * theta * theta * rest];
  const bump = 16 * theta * theta * rest * rest;
  return y0.map((a, i) => {
    const [b, fa, fb] = [y1[i]!, f0[i]!, f1[i]!];
    const hermiteMiddle = (a + b) / 2 + (h * (fa - fb)) / 8;
    return h00 * a + h01 * b + h10 * fa + h11 * fb + bump * (middle[i]! - hermiteMiddle);
  });
}

function rms(v: Float64Array): number {
  return Math.sqrt(v.reduce((sum, vi) => sum + vi * vi, 0) / v.length);
}
