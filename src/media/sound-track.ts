import { EncodedAudioPacketSource, EncodedPacket, type Output } from 'mediabunny';
import { joinArrays } from '../base/arrays.js';
import { makeResampler } from './resample.js';
import { createStreamResampler } from './resample-stream.js';
import { toMono, type ArrivingSound, type Sound } from './sound.js';

/** The rate at which every player is at home. */
export const SOUND_RATE = 48_000;

/** An encoder of 48 kHz sound, in Node or in a browser. */
export interface SoundEncoder {
  readonly codec: 'aac' | 'opus';
  /** Samples in a packet. */
  readonly frame: number;
  /** Samples by which what comes out of a decoder is late, if the decoder is not told. */
  readonly delay: number;
  /** Encodes samples that follow the last ones; all channels of one length. Returns the packets that became ready. */
  encode(channels: readonly Float32Array[]): Promise<Uint8Array[]>;
  /** Pads the last packet with silence and returns what is left. */
  finish(): Promise<Uint8Array[]>;
  /** What the decoder must know; available after the first packet. */
  config(): AudioDecoderConfig;
  /** Ends the encoder; harmless when it has ended. */
  close(): Promise<void>;
}

/** Mono stays mono, stereo stereo; more channels become mono. */
export function trackChannels(sound: Sound | ArrivingSound): 1 | 2 {
  return 'channels' in sound && sound.channels.length === 2 ? 2 : 1;
}

/** Bits a second at which AAC and Opus are good. */
export const soundBitrate = (channelCount: 1 | 2) => (channelCount === 1 ? 96_000 : 160_000);

export interface SoundTrack {
  /**
   * Encodes and muxes the sound up to `seconds`, silence where the recording has ended. With `last` the track ends
   * there, to the sample.
   */
  advance(seconds: number, last: boolean): Promise<void>;
  /** Ends the encoder; to be called when the track is not carried to its end. */
  close(): Promise<void>;
}

/** Full scale is ±1: beyond it every player clips, and encoders fail at values that are large enough. */
function clipped(samples: Float32Array): Float32Array {
  return samples.some((value) => value > 1 || value < -1)
    ? samples.map((value) => Math.min(1, Math.max(-1, value)))
    : samples;
}

/** Sound at 48 kHz, read forwards. */
interface TrackSound {
  /**
   * `count` samples from `start` on, or those of them that have arrived; with `last` all of them, silence beyond the
   * end.
   */
  take(start: number, count: number, last: boolean): Float32Array[];
}

function recorded(sound: Sound): TrackSound {
  const channels = trackChannels(sound) === 2 ? sound.channels : [toMono(sound)];
  const resampler = makeResampler(sound.sampleRate, SOUND_RATE);
  return {
    take: (start, count) => channels.map((channel) => resampler.range(channel, start, count)),
  };
}

function arriving(sound: ArrivingSound): TrackSound {
  const resampler = createStreamResampler(sound.sampleRate, SOUND_RATE);
  let waiting: Float32Array[] = [];
  sound.listen((piece) => waiting.push(resampler.push(piece)));
  return {
    take(_, count, last) {
      if (last) waiting.push(resampler.end(), new Float32Array(count));
      const all = joinArrays(waiting);
      waiting = [all.slice(count)];
      return [all.slice(0, count)];
    },
  };
}

/**
 * A recording as the sound track of `output`, resampled to 48 kHz piece by piece. The encoder, for `trackChannels`
 * channels, is the track's to close. Its delay is undone by the packets' times: the first begins that many samples
 * before 0, for which the muxer writes an edit list, and the last is shortened to the track's end.
 */
export function addSoundTrack(
  output: Output,
  sound: Sound | ArrivingSound,
  encoder: SoundEncoder,
): SoundTrack {
  const source = 'channels' in sound ? recorded(sound) : arriving(sound);
  const { frame, delay } = encoder;
  const target = new EncodedAudioPacketSource(encoder.codec);
  output.addAudioTrack(target);
  let taken = 0;
  let packets = 0;

  /** Muxes packets, none beyond sample `end` of the track. */
  const add = async (ready: readonly Uint8Array[], end: number) => {
    for (const data of ready) {
      const start = packets * frame - delay;
      const length = Math.min(frame, end - start);
      if (length <= 0) return;
      const packet = new EncodedPacket(data, 'key', start / SOUND_RATE, length / SOUND_RATE);
      await target.add(packet, packets === 0 ? { decoderConfig: encoder.config() } : undefined);
      packets++;
    }
  };

  return {
    async advance(seconds, last) {
      const end = Math.round(seconds * SOUND_RATE);
      const piece = source.take(taken, end - taken, last).map(clipped);
      taken += piece[0]?.length ?? 0;
      await add(await encoder.encode(piece), last ? end : Infinity);
      if (last) await add(await encoder.finish(), end);
    },
    close: () => encoder.close(),
  };
}
