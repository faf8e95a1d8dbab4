import { clamp } from './pixel.js';

/** A phoneme as a speech synthesiser names it in IPA, from its beginning in seconds to that of the next. */
export interface Phoneme {
  readonly start: number;
  readonly symbol: string;
}

/** How a mouth stands while it speaks, a value a frame: jaw and round 0 … 1, width −1 … 1. */
export interface MouthCurves {
  readonly jaw: readonly number[];
  readonly width: readonly number[];
  readonly round: readonly number[];
}

/** What a phoneme asks of jaw, width and rounding, and how strongly it insists against its neighbours. */
type Viseme = readonly [jaw: number, width: number, round: number, dominance: number];

// Lips close on p, b and m whatever comes before and after: a negative jaw, and much dominance.
const table: readonly (readonly [symbols: string, ...Viseme])[] = [
  ['p b m', -0.06, 0, 0.05, 3.5],
  ['f v', 0.07, 0.15, 0, 2.2],
  ['θ ð', 0.18, 0.1, 0, 1.2],
  ['t d n s z l ɾ ɬ ʔ', 0.17, 0.15, 0, 0.9],
  ['k ɡ g ŋ x h ɣ', 0.24, 0, 0, 0.6],
  ['ʃ ʒ tʃ dʒ', 0.16, -0.2, 0.65, 1.5],
  ['ɹ r ɻ', 0.2, -0.1, 0.45, 1.1],
  ['w ʍ', 0.12, -0.4, 1, 2],
  ['j', 0.14, 0.5, 0, 1],
  ['i iː ɪ i̯ ᵻ', 0.22, 0.75, 0, 1.2],
  ['e ɛ eɪ eː ɛː', 0.48, 0.55, 0, 1.3],
  ['æ a aɪ ai', 0.8, 0.4, 0, 1.5],
  ['ɑ ɑː aː aʊ ʌ ɐ ɑ̃', 0.85, 0, 0, 1.5],
  ['ɔ ɔː ɒ ɔɪ', 0.7, -0.2, 0.6, 1.5],
  ['o oʊ əʊ oː', 0.5, -0.3, 0.85, 1.5],
  ['u uː ʊ ʉ ʉː', 0.24, -0.4, 1, 1.6],
  ['ə ɚ ɜ ɜː ɝ əl ɪə', 0.38, 0.05, 0.1, 0.9],
];
const visemes = new Map<string, Viseme>(
  table.flatMap(([symbols, ...viseme]) => symbols.split(' ').map((symbol) => [symbol, viseme] as const)),
);

/** Of a phoneme that is not known, the first letters decide; a pause has none. */
function visemeOf(symbol: string): Viseme | undefined {
  const plain = symbol.replaceAll(/[ˈˌː]/g, '').trim();
  return visemes.get(plain) ?? visemes.get(plain.slice(0, 2)) ?? visemes.get(plain.slice(0, 1));
}

/** Pauses shorter than this, in seconds, do not close the mouth. */
const shortestPause = 0.07;
/** The longest that the last phoneme, which nothing follows, is held. */
const lastPhoneme = 0.12;
const closed = (dominance: number): Viseme => [0, 0, 0, dominance];

/**
 * Phonemes → mouth (coarticulation by dominance, Cohen and Massaro 1993): at time t phoneme i, of middle cᵢ and half
 * length hᵢ, counts Dᵢ(t) = dᵢ·exp(−max(|t − cᵢ| − 0.6·hᵢ, 0)/(0.22·hᵢ + 0.016)), and the mouth is the mean of all
 * visemes so weighted.
 *
 * @param seconds length of the recording; before its first and after its last phoneme the mouth is closed.
 * @param jawGain how much wider than usual it opens.
 */
export function mouthCurves(
  phonemes: readonly Phoneme[],
  seconds: number,
  fps: number,
  jawGain = 1,
): MouthCurves {
  const segments = phonemes.flatMap(({ start, symbol }, i) => {
    const end = phonemes[i + 1]?.start ?? Math.min(start + lastPhoneme, seconds);
    const viseme = visemeOf(symbol) ?? (end - start > shortestPause ? closed(1.6) : undefined);
    return viseme ? [{ start, end, viseme }] : [];
  });
  segments.push(
    { start: -0.6, end: phonemes[0]?.start ?? 0, viseme: closed(2) },
    { start: seconds - 0.02, end: seconds + 0.6, viseme: closed(2) },
  );
  const frames = Array.from({ length: Math.ceil(seconds * fps - 1e-9) }, (_, frame) => {
    const t = (frame + 0.5) / fps;
    const sums = [0, 0, 0];
    let weights = 1e-3;
    for (const { start, end, viseme } of segments) {
      const half = Math.max((end - start) / 2, 0.015);
      const beyond = Math.max(Math.abs(t - (start + end) / 2) - 0.6 * half, 0);
      const weight = viseme[3] * Math.exp(-beyond / (0.22 * half + 0.016));
      weights += weight;
      for (let k = 0; k < 3; k++) sums[k]! += weight * viseme[k]!;
    }
    return sums.map((sum) => sum / weights);
  });
  return {
    jaw: frames.map(([jaw]) => clamp(jaw! * jawGain, 0, 1)),
    width: frames.map(([, width]) => clamp(width!, -1, 1)),
    round: frames.map(([, , round]) => clamp(round!, 0, 1)),
  };
}
