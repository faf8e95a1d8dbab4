import { joinArrays } from '../runtime/join.js';
import { EncodedPacket, type EncodedAudioPacketSource } from 'mediabunny';
import { makeResampler } from '../media/resample.js';
import { createStreamResampler } from '../media/resample-stream.js';
import { toMono, type Sound } from '../media/sound.js';
import { AAC_DELAY, AAC_FRAME, createAacEncoder } from './aac.js';
import type { ArrivingSound } from './pcm-input.js';

/** The rate at which every player is at home. */
const RATE = 48_000;
const BITRATE = { mono: 96_000, stereo: 160_000 };

export interface SoundTrack {
  /**
   * Encodes and muxes the sound up to `seconds`, silence where the recording has ended. With `last` the track ends there, to
   * the sample.
   */
  advance(seconds: number, last: boolean): Promise<void>;
  /** Ends the encoder; to be called when the track is not carried to its end. */
  close(): Promise<void>;
}

/** Sound at 48 kHz, read forwards. */
interface TrackSound {
  readonly channelCount: number;
  /** `count` samples from `start` on, or those of them that have arrived; with `last` all of them, silence beyond the end. */
  take(start: number, count: number, last: boolean): Float32Array[];
}

function recorded(sound: Sound): TrackSound {
  const channels = sound.channels.length <= 2 ? sound.channels : [toMono(sound)];
  const resampler = makeResampler(sound.sampleRate, RATE);
  return {
    channelCount: channels.length,
    take: (start, count) => channels.map((channel) => resampler.range(channel, start, count)),
  };
}

function arriving(sound: ArrivingSound): TrackSound {
  const resampler = createStreamResampler(sound.sampleRate, RATE);
  let waiting: Float32Array[] = [];
  sound.listen((piece) => waiting.push(resampler.push(piece)));
  return {
    channelCount: 1,
    take(_, count, last) {
      if (last) waiting.push(resampler.end(), new Float32Array(count));
      const all = joinArrays(waiting);
      waiting = [all.slice(count)];
      return [all.slice(0, count)];
    },
  };
}

/**
 * A recording as the AAC track of a video: mono stays mono, stereo stereo, more channels become mono; resampled to 48 kHz piece
 * by piece. The encoder's delay is undone by the packets' times: the first begins AAC_DELAY samples before 0, for which the
 * muxer writes an edit list, and the last is shortened to the track's end.
 */
export async function createSoundTrack(
  sound: Sound | ArrivingSound,
  target: EncodedAudioPacketSource,
): Promise<SoundTrack> {
  const source = 'channels' in sound ? recorded(sound) : arriving(sound);
  const { channelCount } = source;
  const encoder = await createAacEncoder(
    RATE,
    channelCount,
    channelCount === 1 ? BITRATE.mono : BITRATE.stereo,
  );
  let taken = 0;
  let packets = 0;

  /** Muxes packets, none beyond sample `end` of the track. */
  const add = async (ready: readonly Uint8Array[], end: number) => {
    for (const data of ready) {
      const start = packets * AAC_FRAME - AAC_DELAY;
      const length = Math.min(AAC_FRAME, end - start);
      if (length <= 0) return;
      const packet = new EncodedPacket(data, 'key', start / RATE, length / RATE);
      await target.add(packet, packets === 0 ? { decoderConfig: encoder.config() } : undefined);
      packets++;
    }
  };

  return {
    async advance(seconds, last) {
      const end = Math.round(seconds * RATE);
      const piece = source.take(taken, end - taken, last);
      taken += piece[0]?.length ?? 0;
      await add(await encoder.encode(piece), last ? end : Infinity);
      if (last) await add(await encoder.finish(), end);
    },
    close: () => encoder.close(),
  };
}
