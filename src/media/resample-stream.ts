import { makeResampler } from './resample.js';

/**
 * Resamples a sound that arrives in pieces: what comes out is, sample for sample, what `resample` makes of the whole.
 */
export interface StreamResampler {
  /** Takes the samples that follow and returns the outputs that no later sample can change. */
  push(piece: Float32Array): Float32Array;
  /** The remaining outputs, up to ⌈length · to / from⌉. */
  end(): Float32Array;
}

export function createStreamResampler(from: number, to: number): StreamResampler {
  const resampler = makeResampler(from, to);
  const { step, phases, reach } = resampler;
  let kept = new Float32Array();
  // The kept samples begin at input `cycle·step`, which is output `cycle·phases`.
  let cycle = 0;
  let total = 0;
  let given = 0;

  const giveUpTo = (end: number) => {
    const output = resampler.range(kept, given - cycle * phases, Math.max(0, end - given));
    given = Math.max(given, end);
    const needed = Math.floor((given * step) / phases) - reach;
    const drop = Math.max(0, Math.floor(needed / step) - cycle);
    kept = kept.slice(drop * step);
    cycle += drop;
    return output;
  };
  return {
    push(piece) {
      if (from === to) return piece;
      const joined = new Float32Array(kept.length + piece.length);
      joined.set(kept);
      joined.set(piece, kept.length);
      kept = joined;
      total += piece.length;
      return giveUpTo(Math.ceil(((total - reach) * phases) / step));
    },
    end: () => (from === to ? new Float32Array() : giveUpTo(resampler.outputLength(total))),
  };
}

/** The pieces at another rate; at the same rate the very same pieces. */
export async function* resampleStream(
  pieces: AsyncIterable<Float32Array>,
  from: number,
  to: number,
): AsyncGenerator<Float32Array, void, undefined> {
  const resampler = createStreamResampler(from, to);
  for await (const piece of pieces) yield resampler.push(piece);
  yield resampler.end();
}
