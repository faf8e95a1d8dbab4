/**
 * The taps of resample.ts: for an output at input position n + phase/phases, tap k multiplies input n − reach + 1 + k.
 * So tap k is h(k − reach + 1 − phase/phases), divided by the sum of all.
 */
const ZERO_CROSSINGS = 64;
const BETA = 14.77;
const ROLL_OFF = 0.9476;

export interface PhaseTaps {
  /** No input farther from an output's position than this has a part in it. */
  readonly reach: number;
  /** Taps of a phase: 2·reach. */
  readonly taps: number;
  /** Σ tap k · input[first + k] over begin ≤ k < end. */
  readonly sum: (phase: number, input: Float32Array, first: number, begin: number, end: number) => number;
}

/** Modified Bessel function of the first kind, order 0: Σ ((x/2)^k / k!)². */
function besselI0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

const kaiser = (u: number) => besselI0(BETA * Math.sqrt(Math.max(0, 1 - u * u))) / besselI0(BETA);
const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** The filter between two rates; `tapsAt` takes the fraction phase/phases. */
function windowedSinc(from: number, to: number) {
  const bandwidth = ROLL_OFF * Math.min(1, to / from);
  const reach = Math.ceil(ZERO_CROSSINGS / bandwidth);
  const taps = 2 * reach;
  const tapsAt = (fraction: number): Float64Array => {
    const h = new Float64Array(taps);
    let sum = 0;
    for (let k = 0; k < taps; k++) {
      const u = bandwidth * (k - reach + 1 - fraction);
      const value = Math.abs(u) < ZERO_CROSSINGS ? sinc(u) * kaiser(u / ZERO_CROSSINGS) : 0;
      h[k] = value;
      sum += value;
    }
    return h.map((value) => value / sum);
  };
  return { bandwidth, reach, taps, tapsAt };
}

/** Each phase's own taps, computed when first used. */
export function keptTaps(from: number, to: number, phases: number): PhaseTaps {
  const { reach, taps, tapsAt } = windowedSinc(from, to);
  const kept: (Float64Array | undefined)[] = [];
  return {
    reach,
    taps,
    sum(phase, input, first, begin, end) {
      const h = (kept[phase] ??= tapsAt(phase / phases));
      let sum = 0;
      for (let k = begin; k < end; k++) sum += h[k]! * input[first + k]!;
      return sum;
    },
  };
}

/**
 * The taps at P = ⌈256·B⌉ fractions j/P, B = 0.9476 · min(1, to/from) being the bandwidth, and between them by the
 * cubic through the four nearest (Lagrange). As a function of the fraction a tap has no frequency above π·B, so the
 * cubic is off by at most 3/128 · (π·B/P)⁴ ≤ 5.4e-10 of the largest tap, −185 dB. Rates without a common divisor have
 * up to 768,000 phases.
 */
export function interpolatedTaps(from: number, to: number, phases: number): PhaseTaps {
  const { bandwidth, reach, taps, tapsAt } = windowedSinc(from, to);
  const rows = Math.ceil(256 * bandwidth);
  // Row j + 1 belongs to fraction j/P, −1 ≤ j ≤ P + 1.
  const kept: (Float64Array | undefined)[] = [];
  const row = (index: number) => (kept[index] ??= tapsAt((index - 1) / rows));
  return {
    reach,
    taps,
    sum(phase, input, first, begin, end) {
      const at = (phase / phases) * rows;
      const j = Math.floor(at);
      const t = at - j;
      const [a, b, c, d] = [row(j), row(j + 1), row(j + 2), row(j + 3)];
      const wa = (-t * (t - 1) * (t - 2)) / 6;
      const wb = ((t + 1) * (t - 1) * (t - 2)) / 2;
      const wc = (-(t + 1) * t * (t - 2)) / 2;
      const wd = ((t + 1) * t * (t - 1)) / 6;
      let sum = 0;
      for (let k = begin; k < end; k++)
        sum += (wa * a[k]! + wb * b[k]! + wc * c[k]! + wd * d[k]!) * input[first + k]!;
      return sum;
    },
  };
}
