/**
 * Change of sample rate by a Kaiser-windowed sinc, exact at rational ratios (polyphase), accumulated in float64.
 *
 * With f = cutoff in cycles per input sample, output m lies at input position p = m·from/to and is
 *   y[m] = Σ_n x[n] · h(n − p),   h(t) = 2f sinc(2f t) · kaiser(2f t / Z),   |2f t| < Z
 * where f = ½ · 0.9476 · min(1, to/from), Z = 64 zero crossings a side and β = 14.77. To 16 kHz the pass band ends at
 * 7.0 kHz and the stop band begins at 8.14 kHz, 143 dB down. Each phase's taps are scaled to sum to 1, so a constant is kept
 * exactly. Symmetric about p: no delay. Outside the recording is silence.
 */
const ZERO_CROSSINGS = 64;
const BETA = 14.77;
const ROLL_OFF = 0.9476;

/** Phases are kept up to this many taps in all (32 MB); rates with large reduced ratios compute them anew. */
const KEPT_TAPS = 2 ** 22;

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

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

export interface Resampler {
  /** Output samples for so many input samples: ⌈length · to / from⌉. */
  outputLength(length: number): number;
  /** Output samples start … start + count − 1, computed from the input they need: a long recording can be taken in pieces. */
  range(input: Float32Array, start: number, count: number): Float32Array;
  /** The reduced ratio: `phases` outputs for every `step` inputs; output m lies at input m·step/phases, */
  readonly step: number;
  readonly phases: number;
  /** and depends on no input farther off than this. */
  readonly reach: number;
}

/** A resampler between two whole rates in Hz; at equal rates it copies. */
export function makeResampler(from: number, to: number): Resampler {
  for (const rate of [from, to])
    if (!Number.isInteger(rate) || rate < 1)
      throw new RangeError(`resample: ${rate} Hz is not a sample rate`);
  const divisor = greatestCommonDivisor(from, to);
  const step = from / divisor;
  const phases = to / divisor;
  const outputLength = (length: number) => Math.ceil((length * phases) / step);
  if (from === to) return { outputLength, range: copyRange, step, phases, reach: 0 };

  const bandwidth = ROLL_OFF * Math.min(1, to / from);
  const reach = Math.ceil(ZERO_CROSSINGS / bandwidth);
  const taps = 2 * reach;

  /** Taps for outputs whose position is n + phase/phases: tap k multiplies input n − reach + 1 + k. */
  const tapsOf = (phase: number): Float64Array => {
    const h = new Float64Array(taps);
    let sum = 0;
    for (let k = 0; k < taps; k++) {
      const u = bandwidth * (k - reach + 1 - phase / phases);
      const value = Math.abs(u) < ZERO_CROSSINGS ? sinc(u) * kaiser(u / ZERO_CROSSINGS) : 0;
      h[k] = value;
      sum += value;
    }
    return h.map((value) => value / sum);
  };
  const kept: (Float64Array | undefined)[] | undefined = phases * taps <= KEPT_TAPS ? [] : undefined;

  const range = (input: Float32Array, start: number, count: number): Float32Array => {
    const output = new Float32Array(count);
    for (let m = 0; m < count; m++) {
      const position = (start + m) * step;
      const phase = position % phases;
      const h = kept?.[phase] ?? tapsOf(phase);
      if (kept) kept[phase] = h;
      const first = (position - phase) / phases - reach + 1;
      const end = Math.min(taps, input.length - first);
      let sum = 0;
      for (let k = Math.max(0, -first); k < end; k++) sum += (h[k] as number) * (input[first + k] as number);
      output[m] = sum;
    }
    return output;
  };
  return { outputLength, range, step, phases, reach };
}

function copyRange(input: Float32Array, start: number, count: number): Float32Array {
  const output = new Float32Array(count);
  if (start < input.length) output.set(input.subarray(start, start + count));
  return output;
}

/** A whole channel at another rate: ⌈length · to / from⌉ samples. At the same rate the very same array. */
export function resample(input: Float32Array, from: number, to: number): Float32Array {
  if (from === to) return input;
  const resampler = makeResampler(from, to);
  return resampler.range(input, 0, resampler.outputLength(input.length));
}
