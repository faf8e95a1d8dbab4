import { boxMuller, logUniform } from '../sampling/noise.js';
import { philox4x32 } from '../sampling/philox.js';

/** Reproducible random numbers: the same seed and stream give the same ones on every machine. */
export interface Random {
  /** In low … high. */
  readonly uniform: (low: number, high: number) => number;
  /** Standard normal. */
  readonly normal: () => number;
  /** One of 0 … weights.length − 1, as often as its weight says. */
  readonly choice: (weights: readonly number[]) => number;
  /** Beta(a, b), in 0 … 1. */
  readonly beta: (a: number, b: number) => number;
}

/** @param stream which of many independent sequences of this seed. */
export function openRandom(seed: number, stream: number): Random {
  let drawn = 0;
  const words = () => philox4x32([drawn++, 0, stream >>> 0, 0], [seed >>> 0, Math.floor(seed / 2 ** 32)]);
  const unit = () => (words()[0] + 0.5) / 2 ** 32;
  const normal = () => {
    const [first, second] = words();
    return boxMuller(first, second)[0];
  };
  // Gamma by Marsaglia and Tsang (2000), for shapes of at least 1.
  const gamma = (shape: number): number => {
    const d = shape - 1 / 3;
    for (;;) {
      const x = normal();
      const v = (1 + x / Math.sqrt(9 * d)) ** 3;
      if (v > 0 && logUniform(words()[0]) < 0.5 * x * x + d * (1 - v + Math.log(v))) return d * v;
    }
  };
  return {
    uniform: (low, high) => low + (high - low) * unit(),
    normal,
    choice(weights) {
      let left = unit() * weights.reduce((sum, weight) => sum + weight, 0);
      const found = weights.findIndex((weight) => (left -= weight) < 0);
      return found < 0 ? weights.length - 1 : found;
    },
    beta(a, b) {
      const [x, y] = [gamma(a), gamma(b)];
      return x / (x + y);
    },
  };
}
