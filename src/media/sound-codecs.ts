import { InputError, messageOf } from '../base/errors.js';
import { readFlacStreams, type FlacStream } from './flac.js';
import { joinSounds } from './join-sounds.js';
import { readMp3Streams } from './mp3.js';
import { readOggStreams, type OggStream } from './ogg.js';
import type { Sound } from './sound.js';
import { vorbisSpeakers, type Speaker } from './speakers.js';
import type { Note } from './note.js';

/** What the wasm decoders return, each with both or some of the last two. */
interface Decoded {
  readonly sampleRate: number;
  readonly channelData: readonly Float32Array[];
  readonly errors: readonly { readonly message: string }[];
  readonly speakers?: readonly Speaker[] | undefined;
}

/** MP3 by mpg123. Encoder delay and padding are cut off where a LAME header tells them. */
export async function decodeMp3(bytes: Uint8Array, name: string, note: Note): Promise<Sound> {
  const streams = readMp3Streams(bytes, name, note);
  const { MPEGDecoder } = await import('mpg123-decoder');
  const decoder = new MPEGDecoder();
  await decoder.ready;
  try {
    const sounds: Sound[] = [];
    for (const { frames, channels } of streams) {
      if (sounds.length > 0) await decoder.reset();
      const decoded = await untilComplaint(() => decoder.decode(frames));
      // Mono comes out twice.
      sounds.push(soundOf({ ...decoded, channelData: decoded.channelData.slice(0, channels) }, name, 'MP3'));
    }
    return joinSounds(sounds);
  } catch (error) {
    throw corrupt(error, name, 'MP3');
  } finally {
    decoder.free();
  }
}

/** FLAC by libFLAC. The frames are cut apart here: the parser in the package loses the last one of some files. */
export async function decodeFlac(bytes: Uint8Array, name: string): Promise<Sound> {
  const sounds: Sound[] = [];
  for (const stream of readFlacStreams(bytes, name)) sounds.push(await decodeFlacStream(stream, name));
  return joinSounds(sounds);
}

async function decodeFlacStream({ frames, samples, speakers }: FlacStream, name: string): Promise<Sound> {
  const { FLACDecoder } = await import('@wasm-audio-decoders/flac');
  const decoder = new FLACDecoder();
  await decoder.ready;
  try {
    const decoded = await untilComplaint(() => decoder.decodeFrames([...frames]));
    const present = decoded.channelData[0]?.length ?? 0;
    if (present < samples)
      throw new InputError(
        `${name}: truncated or corrupt FLAC: ${present} of ${samples} samples can be read`,
      );
    // The binding divides n-bit integers by 2^(n−1) − 1; by 2^(n−1) they are what the same samples in a WAV are.
    const top = 2 ** (decoded.bitDepth - 1);
    for (const channel of decoded.channelData)
      channel.forEach((value, i) => (channel[i] = Math.round(value * (top - 1)) / top));
    return soundOf({ ...decoded, speakers }, name, 'FLAC');
  } catch (error) {
    throw corrupt(error, name, 'FLAC');
  } finally {
    decoder.free();
  }
}

/** Vorbis by libvorbis, Opus by libopus: the samples up to the last granule position. */
export async function decodeOgg(bytes: Uint8Array, name: string, note: Note): Promise<Sound> {
  const sounds: Sound[] = [];
  for (const stream of readOggStreams(bytes, name, note)) {
    const { codec } = stream;
    try {
      const decoded = await (codec === 'Opus' ? decodeOpus(stream) : decodeVorbis(stream));
      sounds.push(soundOf(decoded, name, codec));
    } catch (error) {
      throw corrupt(error, name, codec);
    }
  }
  return joinSounds(sounds);
}

async function decodeVorbis({ pages }: OggStream): Promise<Decoded> {
  const { OggVorbisDecoder } = await import('@wasm-audio-decoders/ogg-vorbis');
  const decoder = new OggVorbisDecoder();
  await decoder.ready;
  try {
    const decoded = await untilComplaint(() => decoder.decodeFile(pages));
    return { ...decoded, speakers: unusual(decoded.channelData.length) };
  } finally {
    decoder.free();
  }
}

/** Of one and two channels nothing needs to be said. */
const unusual = (channels: number) => (channels > 2 ? vorbisSpeakers(channels) : undefined);

/**
 * The head packet (RFC 7845, 5.1): at 9 the number of channels, 10 samples at 48 kHz to skip, 16 gain, 18 mapping
 * family; in other families than 0, at 19 the number of streams, 20 that of stereo ones and 21 the mapping. The second
 * packet holds tags.
 */
async function decodeOpus({ packets, granule }: OggStream): Promise<Decoded> {
  const [head, , ...coded] = packets;
  if (!head || head.length < 19) throw new Error('an incomplete head packet');
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const channels = view.getUint8(9);
  const preSkip = view.getUint16(10, true);
  const family = view.getUint8(18);
  const mapped = family !== 0;
  if (mapped && head.length < 21 + channels) throw new Error('an incomplete head packet');
  const { createOpusDecoder } = await import('@audio/decode-opus/core');
  const decoder = await createOpusDecoder();
  try {
    decoder.configure({
      sampleRate: 48_000,
      channels,
      preSkip,
      outputGain: view.getInt16(16, true),
      ...(mapped && {
        streamCount: view.getUint8(19),
        coupledStreamCount: view.getUint8(20),
        channelMappingTable: head.slice(21, 21 + channels),
      }),
    });
    const decoded = decoder.decodeFrames(coded);
    const length = Math.max(0, granule - preSkip);
    return {
      ...decoded,
      channelData: decoded.channelData.map((channel) => channel.subarray(0, length)),
      speakers: opusSpeakers(family, channels),
    };
  } finally {
    decoder.free();
  }
}

/**
 * Family 1 is Vorbis' order; in 2 and 3 (RFC 8486) the first channel is sound from everywhere; others leave it open.
 */
function opusSpeakers(family: number, channels: number): readonly Speaker[] | undefined {
  if (family < 2 || channels < 3) return unusual(channels);
  const rest = Array<Speaker>(channels - 1);
  return family < 4 ? ['mono', ...rest.fill('none')] : ['any', ...rest.fill('any')];
}

/**
 * Runs a decoder that works before it returns, even if it returns a promise. Decoders print their errors, and mpg123's
 * binding then tries again, at some errors for ever: the first line printed becomes an exception.
 */
async function untilComplaint<T>(decode: () => T | Promise<T>): Promise<T> {
  const print = console.error;
  console.error = (line: unknown) => {
    throw new Error(String(line).replace(/\s+/g, ' '));
  };
  let result: T | Promise<T>;
  try {
    result = decode();
  } finally {
    console.error = print;
  }
  return result;
}

function corrupt(error: unknown, name: string, format: string): InputError {
  return error instanceof InputError
    ? error
    : new InputError(`${name}: corrupt ${format} (${messageOf(error)})`);
}

function soundOf(
  { sampleRate, channelData, errors, speakers }: Decoded,
  name: string,
  format: string,
): Sound {
  if (errors[0]) throw new Error(errors[0].message);
  if (!(sampleRate >= 1000 && sampleRate <= 768_000)) throw new Error(`a sample rate of ${sampleRate} Hz`);
  if (!channelData[0]?.length) throw new InputError(`${name}: the ${format} holds no samples`);
  for (const channel of channelData)
    if (!channel.every(Number.isFinite)) throw new Error('samples that are not finite');
  return { sampleRate, channels: channelData, ...(speakers && { speakers }) };
}
