import { InputError } from '../base/errors.js';
import { maskSpeakers, type Speaker } from './speakers.js';
import { skipTags, tagLength } from './tags.js';

export interface FlacStream {
  /** Each whole, its checksum verified. */
  readonly frames: readonly Uint8Array[];
  /** Samples a channel; 0 where the encoder did not know. */
  readonly samples: number;
  /** Of a channel mask among its comments. */
  readonly speakers?: readonly Speaker[];
  /** The whole stream, a file of its own. */
  readonly bytes: Uint8Array;
}

/** A table for CRCs of `bits` bits, highest bit first. */
const crcTable = (bits: 8 | 16, polynomial: number): Uint16Array =>
  Uint16Array.from({ length: 256 }, (_, byte) => {
    let crc = byte << (bits - 8);
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ ((crc >> (bits - 1)) & 1 ? polynomial : 0);
    return crc & (2 ** bits - 1);
  });
const CRC8 = crcTable(8, 0x07);
const CRC16 = crcTable(16, 0x8005);

/**
 * The streams of a FLAC file, one, or several where files were appended to each other; tags before, between and behind
 * them are passed over. Throws InputError when the file is cut or a frame damaged.
 */
export function readFlacStreams(bytes: Uint8Array, name: string): FlacStream[] {
  const fail = (why: string): never => {
    throw new InputError(`${name}: ${why}`);
  };
  const streams: FlacStream[] = [];
  for (let at = skipTags(bytes, 0); at < bytes.length || streams.length === 0;) {
    const stream = readStream(bytes.subarray(at), fail);
    streams.push(stream);
    at = skipTags(bytes, at + stream.bytes.length);
  }
  return streams;
}

const isMarker = (bytes: Uint8Array, at: number) =>
  String.fromCharCode(...bytes.subarray(at, at + 4)) === 'fLaC';

/**
 * "fLaC", blocks of metadata (one byte with the type and, in the highest bit, "last"; three with the length) and
 * frames. The first block, STREAMINFO, holds the number of channels, less one, in three bits from bit 100 on and at
 * byte 13, in the lowest 36 bits, the number of samples.
 */
function readStream(bytes: Uint8Array, fail: (why: string) => never): FlacStream {
  if (!isMarker(bytes, 0))
    fail(bytes.length < 4 ? 'truncated FLAC' : 'corrupt FLAC (no stream behind a tag)');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let samples: number | undefined;
  let channels = 0;
  let speakers: readonly Speaker[] | undefined;
  for (let at = 4; at + 4 < bytes.length;) {
    const type = view.getUint8(at);
    const body = at + 4;
    const length = view.getUint32(at) & 0xffffff;
    at = body + length;
    if (at >= bytes.length) break;
    if (samples === undefined) {
      if ((type & 127) !== 0 || length < 34) fail('corrupt FLAC (it does not begin with STREAMINFO)');
      samples = (view.getUint8(body + 13) & 15) * 2 ** 32 + view.getUint32(body + 14);
      channels = ((view.getUint8(body + 12) >> 1) & 7) + 1;
    }
    if ((type & 127) === COMMENTS) speakers = maskSpeakers(channelMask(bytes.subarray(body, at)), channels);
    if (type >= 128) {
      const frames = splitFrames(bytes.subarray(at), fail);
      const end = frames.reduce((sum, frame) => sum + frame.length, at);
      return { frames, samples, bytes: bytes.subarray(0, end), ...(speakers && { speakers }) };
    }
  }
  return fail('truncated FLAC');
}

const COMMENTS = 4;

/** RFC 9639, 8.6.2. 0 without one. */
function channelMask(comments: Uint8Array): number {
  const found = /WAVEFORMATEXTENSIBLE_CHANNEL_MASK=0x([0-9a-f]{1,8})/i.exec(
    new TextDecoder('latin1').decode(comments),
  );
  return found ? parseInt(found[1]!, 16) : 0;
}

/**
 * Frames do not tell their length: one ends where its CRC-16, its own last two bytes included, is 0 and the next
 * header, a tag, another stream or the end of the file follows.
 */
function splitFrames(bytes: Uint8Array, fail: (why: string) => never): Uint8Array[] {
  const end = bytes.length;
  const isEnd = (at: number) => at === end || isMarker(bytes, at) || tagLength(bytes, at) > 0;
  const frames: Uint8Array[] = [];
  if (!isHeader(bytes, 0, bytes)) fail('corrupt FLAC (no frame after the metadata)');
  for (let start = 0, at = 0, crc = 0; start < end;) {
    if (at === end) fail(`truncated or corrupt FLAC (frame ${frames.length + 1} is incomplete or damaged)`);
    crc = ((crc << 8) & 0xffff) ^ (CRC16[(crc >> 8) ^ (bytes[at] as number)] as number);
    at++;
    if (crc !== 0 || at <= start + 4) continue;
    const last = isEnd(at);
    if (!last && !isHeader(bytes, at, bytes)) continue;
    frames.push(bytes.subarray(start, at));
    if (last) break;
    start = at;
  }
  return frames;
}

/**
 * Whether a frame header is there: FF, F8 or F9; codes of block size and rate; of channels and sample size; a number
 * coded as in UTF-8; the block size in 8 or 16 bits after codes 6 and 7; the rate in 8 or 16 bits after codes 12 to 14;
 * CRC-8. `first` is the first frame, whose sync, rate and sample size all have.
 */
function isHeader(bytes: Uint8Array, at: number, first: Uint8Array): boolean {
  const [sync, strategy = 0, sizes = 0, kind = 0, number = 0] = bytes.subarray(at, at + 5);
  const alike = strategy === first[1] && (kind & 15) === ((first[3] ?? 0) & 15);
  if (sync !== 0xff || (strategy & 0xfe) !== 0xf8 || !alike) return false;
  const numberBytes = number < 0x80 ? 1 : Math.clz32(~(number << 24));
  const sizeBytes = [6, 7].indexOf(sizes >> 4) + 1;
  const rateBytes = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 0][sizes & 15] as number;
  const end = at + 4 + numberBytes + sizeBytes + rateBytes + 1;
  if (end > bytes.length) return false;
  let crc = 0;
  for (let i = at; i < end; i++) crc = CRC8[crc ^ (bytes[i] as number)] as number;
  return crc === 0;
}
