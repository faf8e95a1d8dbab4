import { InputError } from '../base/errors.js';
import type { Sound } from './sound.js';

/**
 * RIFF/WAVE to samples: integers of 8 to 32 bits and floats of 32 and 64, any number of channels, any order of chunks.
 * An n-bit integer x becomes x / 2^(n−1), exactly (8 bits are stored offset by 128), as Python's soundfile has it.
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

/** Writers to a pipe cannot know the size and put 0, 0xFFFFFFFF or (sox) a little under 2³¹: the data then reach to the end. */
const UNKNOWN_SIZE = 0x7fff0000;

const RATES = { min: 1000, max: 768_000 };

interface Format {
  readonly float: boolean;
  readonly channels: number;
  readonly sampleRate: number;
  readonly bytesPerSample: number;
}

/** Decodes a whole WAV file; `name` is for messages. Throws InputError when it is not one or holds no usable sound. */
export function decodeWav(bytes: Uint8Array, name: string): Sound {
  const fail = (why: string): never => {
    throw new InputError(`${name}: ${why}`);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (bytes.length === 0) fail('an empty file, expected a WAV');
  if (!['RIFF', 'RF64'].includes(tag(0)) || (bytes.length >= 12 && tag(8) !== 'WAVE'))
    fail('not a WAV file (expected one with uncompressed samples)');

  let format: Format | undefined;
  let data: Uint8Array | undefined;
  for (let at = 12; at + 8 <= bytes.length && !(format && data);) {
    const id = tag(at);
    const size = view.getUint32(at + 4, true);
    const start = at + 8;
    const available = bytes.length - start;
    if (id === 'fmt ') {
      if (size < 16 || available < size) fail('truncated WAV: the fmt chunk is incomplete');
      format = readFormat(view, start, size, fail);
    } else if (id === 'data') {
      const unknown = size >= UNKNOWN_SIZE || (size === 0 && tag(start) !== 'LIST');
      if (!unknown && size > available)
        fail(`truncated WAV: ${size} bytes of samples announced, ${available} present`);
      data = bytes.subarray(start, start + (unknown ? available : size));
    }
    at = start + size + (size & 1);
  }
  if (format === undefined || data === undefined)
    return fail(`truncated WAV: no ${format === undefined ? 'fmt' : 'data'} chunk`);

  const { float, channels, sampleRate, bytesPerSample } = format;
  const length = Math.floor(data.length / (channels * bytesPerSample));
  if (length === 0) fail('the WAV holds no samples');
  const read = sampleReader(data, float, bytesPerSample);
  const sound = Array.from({ length: channels }, () => new Float32Array(length));
  sound.forEach((channel, c) => {
    for (let i = 0; i < length; i++) {
      const value = read((i * channels + c) * bytesPerSample);
      if (!Number.isFinite(value)) fail(`sample ${i} is ${value}, expected finite numbers`);
      channel[i] = value;
    }
  });
  return { sampleRate, channels: sound };
}

function readFormat(view: DataView, at: number, size: number, fail: (why: string) => never): Format {
  let tag = view.getUint16(at, true);
  if (tag === FORMAT_EXTENSIBLE) {
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
  return { float, channels, sampleRate, bytesPerSample };
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
