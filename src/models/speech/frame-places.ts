import type { Wav2Vec2Config } from '../../weights/config.js';
import { featureCount, hopOf } from './speech-features.js';

/** Where video frames lie among the features of the convolutions, and which features they need. */
export interface FramePlaces {
  /** For each frame its position among the needed features, with a fraction. */
  readonly positions: Float64Array;
  /** The features needed: first … first + count − 1. */
  readonly first: number;
  readonly count: number;
}

/**
 * Frame t of T lies at t·(T' − 1)/(T − 1) among T' features: first on first, last on last (Sec. 4 of docs/model.md). In
 * the published model that is 2·t for every T. While the end is still to come, so that T is not known, it is t times
 * the features in a frame.
 *
 * @param frames start … end − 1.
 * @param T Infinity if not known.
 * @param padded samples there are, the last one's repetition included.
 */
export function placeFrames(
  frames: { start: number; end: number },
  T: number,
  { padded, perFrame, config }: { padded: number; perFrame: number; config: Wav2Vec2Config },
): FramePlaces {
  const last = featureCount(padded, config) - 1;
  const place = (t: number) => {
    if (T === Infinity) return Math.min(last, (t * perFrame) / hopOf(config));
    return T > 1 ? (t * last) / (T - 1) : 0;
  };
  const first = Math.floor(place(frames.start));
  const positions = Float64Array.from(
    { length: frames.end - frames.start },
    (_, i) => place(frames.start + i) - first,
  );
  return { positions, first, count: Math.ceil(positions.at(-1) ?? 0) + 1 };
}

/** Linear interpolation of the features `[count, C]` at the frames' positions: `[frames, C]`. */
export function interpolate(
  features: Float32Array,
  { positions, count }: FramePlaces,
): Float32Array<ArrayBuffer> {
  const C = features.length / count;
  const result = new Float32Array(positions.length * C);
  positions.forEach((position, frame) => {
    const i = Math.floor(position);
    const f = position - i;
    const at = i * C;
    if (f === 0) result.set(features.subarray(at, at + C), frame * C);
    else
      for (let c = 0; c < C; c++)
        result[frame * C + c] = (1 - f) * features[at + c]! + f * features[at + C + c]!;
  });
  return result;
}
