import { InputError } from '../base/errors.js';
import { joinSounds } from './join-sounds.js';
import type { Sound } from './sound.js';
import { maskSpeakers, type Speaker } from './speakers.js';
import type { Note } from './note.js';
import { readWavChunks, type Range, type WavPart } from './wav-chunks.js';

/**
 * RIFF/WAVE to samples, RF64, BW64 and Wave64 too: integers of 8 to 32 bits and floats of 32 and 64, any number of
 * channels. An n-bit integer x becomes x / 2^(n−1), exactly (8 bits are stored offset by 128), as Python's soundfile
 * has it.
 */

const FORMAT_INTEGER = 1;
const FORMAT_FLOAT = 3;
const FORMAT_EXTENSIBLE = 0xfffe;

/** Codecs a WAV may hold that are not plain samples, by format tag. */
const CODECS: Readonly<Record<number, string>> = {
  2: 'Microsoft ADPCM',
  6: 'A-law',
  7: 'µ-law',
  0x11: 'IMA ADPCM',
  0x31: 'GSM 6.10',
  0x50: 'MPEG audio',
  0x55: 'MP3',
  0xff: 'AAC',
  0x160: 'Windows Media Audio',
  0x161: 'Windows Media Audio',
  0x674f: 'Vorbis',
  0xf1ac: 'FLAC',
};

/** The last 14 bytes of the sub-format of WAVE_FORMAT_EXTENSIBLE; the first two are an ordinary format tag. */
const SUBFORMAT_TAIL = '000000001000800000aa00389b71';

const RATES = { min: 1000, max: 768_000 };

/** A list of samples may announce any length of silence: 2²⁷ samples are 46 minutes at 48 kHz, in 0.5 GB. */
const MAX_SILENT = 2 ** 27;

interface Format {
  readonly float: boolean;
  readonly channels: number;
  readonly sampleRate: number;
  readonly bytesPerSample: number;
  /** Of the channel mask, if there is one. */
  readonly speakers: readonly Speaker[] | undefined;
}

/**
 * Decodes a whole WAV file; `name` is for messages, `note` is told what is left out. Throws InputError when it is none
 * or holds no usable sound.
 */
export function decodeWav(bytes: Uint8Array, name: string, note: Note = () => undefined): Sound {
  const fail = (why: string): never => {
    throw new InputError(`${name}: ${why}`);
  };
  const tag = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (bytes.length === 0) fail('an empty file, expected a WAV');
  const wave64 = tag(0) === 'riff';
  const kind = wave64 ? tag(24) : tag(8);
  if (!['RIFF', 'RF64', 'BW64', 'riff'].includes(tag(0)) || (kind.length === 4 && !/^wave$/i.test(kind)))
    fail('not a WAV file (expected one with uncompressed samples)');
  const say: Note = (line) => note(`${name}: ${line}`);
  const sounds = readWavChunks(bytes, fail, say).map((part) => decodePart(bytes, part, fail, say));
  return joinSounds(sounds);
}

function decodePart(
  bytes: Uint8Array,
  { format, data }: WavPart,
  fail: (why: string) => never,
  note: Note,
): Sound {
  if (format === undefined || data === undefined)
    return fail(`truncated WAV: no ${format === undefined ? 'fmt' : 'data'} chunk`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { float, channels, sampleRate, bytesPerSample, speakers } = readFormat(view, format, fail);
  const block = channels * bytesPerSample;
  const pieces = data.map((piece) =>
    'silent' in piece
      ? { start: 0, length: piece.silent, silent: true }
      : { start: piece.start, length: Math.floor((piece.end - piece.start) / block), silent: false },
  );
  for (const piece of data) {
    const rest = 'silent' in piece ? 0 : (piece.end - piece.start) % block;
    if (rest > 0) note(`cut within a sample: ${rest} of its ${block} bytes are there and are left out`);
  }
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (length === 0) fail('the WAV holds no samples');
  const silent = pieces.reduce((sum, piece) => sum + (piece.silent ? piece.length : 0), 0);
  if (silent * channels > MAX_SILENT) fail('more silence than fits into memory');
  const read = sampleReader(bytes, float, bytesPerSample);
  const sound = Array.from({ length: channels }, () => new Float32Array(length));
  let to = 0;
  for (const piece of pieces) {
    if (!piece.silent)
      sound.forEach((channel, c) => {
        for (let i = 0; i < piece.length; i++) {
          const value = read(piece.start + i * block + c * bytesPerSample);
          if (!Number.isFinite(value)) fail(`sample ${to + i} is ${value}, expected finite numbers`);
          channel[to + i] = value;
        }
      });
    to += piece.length;
  }
  return { sampleRate, channels: sound, ...(speakers && { speakers }) };
}

function readFormat(view: DataView, range: Range, fail: (why: string) => never): Format {
  const at = range.start;
  const size = range.end - at;
  if (size < 16) fail('truncated WAV: the fmt chunk is incomplete');
  let tag = view.getUint16(at, true);
  const extensible = tag === FORMAT_EXTENSIBLE;
  if (extensible) {
    if (size < 40) fail('truncated WAV: the extensible fmt chunk is incomplete');
    tag = view.getUint16(at + 24, true);
    const tail = Array.from({ length: 14 }, (_, i) =>
      view
        .getUint8(at + 26 + i)
        .toString(16)
        .padStart(2, '0'),
    );
    if (tail.join('') !== SUBFORMAT_TAIL) fail('unsupported WAV codec (an unknown sub-format)');
  }
  const channels = view.getUint16(at + 2, true);
  const sampleRate = view.getUint32(at + 4, true);
  const blockSize = view.getUint16(at + 12, true);
  const bits = view.getUint16(at + 14, true);
  if (tag !== FORMAT_INTEGER && tag !== FORMAT_FLOAT) {
    const codec = CODECS[tag] ?? `format 0x${tag.toString(16).padStart(4, '0')}`;
    fail(`unsupported WAV codec ${codec}, expected uncompressed integer or float samples`);
  }
  if (channels === 0) fail('the WAV has no channels');
  if (sampleRate < RATES.min || sampleRate > RATES.max)
    fail(`sample rate ${sampleRate} Hz, expected ${RATES.min} to ${RATES.max}`);
  const float = tag === FORMAT_FLOAT;
  // Samples of odd bit counts (12, 20) are left-justified in whole bytes.
  const bytesPerSample = Math.ceil(bits / 8);
  if (!(float ? [4, 8] : [1, 2, 3, 4]).includes(bytesPerSample))
    fail(`unsupported WAV: ${bits}-bit ${float ? 'float' : 'integer'} samples`);
  if (blockSize !== channels * bytesPerSample)
    fail(`corrupt WAV: ${channels} channels of ${bits} bits make no blocks of ${blockSize} bytes`);
  const speakers = extensible ? maskSpeakers(view.getUint32(at + 20, true), channels) : undefined;
  return { float, channels, sampleRate, bytesPerSample, speakers };
}

/** A function from byte offset to sample value. */
function sampleReader(data: Uint8Array, float: boolean, bytes: number): (at: number) => number {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (float) return bytes === 4 ? (at) => view.getFloat32(at, true) : (at) => view.getFloat64(at, true);
  switch (bytes) {
    case 1:
      return (at) => (view.getUint8(at) - 128) / 2 ** 7;
    case 2:
      return (at) => view.getInt16(at, true) / 2 ** 15;
    case 3:
      return (at) => ((view.getInt8(at + 2) << 16) | view.getUint16(at, true)) / 2 ** 23;
    default:
      return (at) => view.getInt32(at, true) / 2 ** 31;
  }
}
