import { interpolatedTaps, keptTaps } from './phase-taps.js';

/**
 * Change of sample rate by a Kaiser-windowed sinc (polyphase), accumulated in float64.
 *
 * With f = cutoff in cycles per input sample, output m lies at input position p = m·from/to and is
 *   y[m] = Σ_n x[n] · h(n − p),   h(t) = 2f sinc(2f t) · kaiser(2f t / Z),   |2f t| < Z
 * where f = ½ · 0.9476 · min(1, to/from), Z = 64 zero crossings a side and β = 14.77. To 16 kHz the pass band ends at
 * 7.0 kHz and the stop band begins at 8.14 kHz, 143 dB down. Each phase's taps are scaled to sum to 1, so a constant is
 * kept exactly. Symmetric about p: no delay. Outside the recording is silence.
 *
 * Up to 1024 phases, which all usual rates have, each has its own taps; beyond, between 44,099 and 16,000 Hz for
 * example, they are interpolated from 256 phases or fewer (phase-taps.ts).
 */
const EXACT_PHASES = 1024;

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

export interface Resampler {
  /** Output samples for so many input samples: ⌈length · to / from⌉. */
  outputLength(length: number): number;
  /**
   * Output samples start … start + count − 1, computed from the input they need: a long recording can be taken in
   * pieces.
   */
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

  const { reach, taps, sum } = (phases <= EXACT_PHASES ? keptTaps : interpolatedTaps)(from, to, phases);
  const range = (input: Float32Array, start: number, count: number): Float32Array => {
    const output = new Float32Array(count);
    for (let m = 0; m < count; m++) {
      const position = (start + m) * step;
      const phase = position % phases;
      const first = (position - phase) / phases - reach + 1;
      output[m] = sum(phase, input, first, Math.max(0, -first), Math.min(taps, input.length - first));
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
