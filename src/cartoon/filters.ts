import type { Random } from './random.js';

/** Second-order Butterworth low-pass (bilinear transform); `cutoff` is in half sample rates, 0 … 1. */
export function lowPass(x: ArrayLike<number>, cutoff: number): Float64Array {
  const k = Math.tan((Math.PI * cutoff) / 2);
  const norm = 1 / (1 + Math.SQRT2 * k + k * k);
  const b = k * k * norm;
  const [a1, a2] = [2 * (k * k - 1) * norm, (1 - Math.SQRT2 * k + k * k) * norm];
  const y = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) {
    const [x0, x1, x2] = [x[i]!, x[i - 1] ?? 0, x[i - 2] ?? 0];
    y[i] = b * (x0 + 2 * x1 + x2) - a1 * (y[i - 1] ?? 0) - a2 * (y[i - 2] ?? 0);
  }
  return y;
}

/** y[i] = y[i − 1] + share·(x[i] − y[i − 1]): what follows x slowly. */
export function follow(x: ArrayLike<number>, share: number): Float64Array {
  const y = new Float64Array(x.length);
  let last = 0;
  for (let i = 0; i < x.length; i++) y[i] = last += share * (x[i]! - last);
  return y;
}

/** Each value with a quarter of either neighbour, twice; the ends are mirrored. */
export function soften(x: ArrayLike<number>): Float64Array {
  const once = (z: ArrayLike<number>) =>
    Float64Array.from(z, (value, i) => 0.5 * value + 0.25 * ((z[i - 1] ?? value) + (z[i + 1] ?? value)));
  return once(once(x));
}

/** Smooth noise of about unit deviation that moves no faster than `hertz`. */
export function smoothNoise(random: Random, count: number, fps: number, hertz: number): Float64Array {
  const cutoff = hertz / (fps / 2);
  // The filter forgets its beginning in some periods.
  const settling = Math.ceil(12 / hertz) + 100;
  const noise = Float64Array.from({ length: settling + count }, () => random.normal());
  return lowPass(noise, Math.min(0.9, cutoff))
    .slice(settling)
    .map((value) => (0.95 * value) / Math.sqrt(cutoff));
}
