import { monoGains, type Speaker } from './speakers.js';

/** A recording: one array of samples a channel, all of one length, nominally in −1…1. */
export interface Sound {
  /** Samples a second. */
  readonly sampleRate: number;
  readonly channels: readonly Float32Array[];
  /** Where each channel is meant to be heard; left out, as is usual for so many channels in a WAV. */
  readonly speakers?: readonly Speaker[];
}

/** Mono sound that is still arriving. */
export interface ArrivingSound {
  readonly sampleRate: number;
  /** To be read once; what is read from it, the listener hears too. */
  readonly pieces: AsyncIterable<Float32Array>;
  listen(listener: (piece: Float32Array) => void): void;
  /** Stops reading, so that the process can end. */
  close(): void;
}

/**
 * The channels mixed to one, by the coefficients of ITU-R BS.775 (`monoGains`). Nothing is normalised, except that
 * where the sum goes beyond ±1 and beyond the loudest sample of the channels, the whole mix is scaled down to the
 * louder of the two. One channel is returned as it is.
 *
 * @throws RangeError for a sound without channels, or with another number of speakers.
 */
export function toMono({ channels, speakers }: Sound): Float32Array {
  const [first] = channels;
  if (first === undefined) throw new RangeError('toMono: a sound without channels');
  if (channels.length === 1) return first;
  if (speakers && speakers.length !== channels.length)
    throw new RangeError(`toMono: ${speakers.length} speakers for ${channels.length} channels`);
  const gains = monoGains(channels.length, speakers);
  let limit = 1;
  let peak = 0;
  const mix = first.map((_, i) => {
    let sum = 0;
    for (let c = 0; c < channels.length; c++) {
      const value = channels[c]![i]!;
      sum += gains[c]! * value;
      limit = Math.max(limit, Math.abs(value));
    }
    peak = Math.max(peak, Math.abs(sum));
    return sum;
  });
  return peak > limit ? mix.map((value) => (value * limit) / peak) : mix;
}
