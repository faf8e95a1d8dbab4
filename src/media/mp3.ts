import { InputError } from '../base/errors.js';

/** What a decoder is given, and what it must give back. */
export interface Mp3Stream {
  /** The frames, without the tags before and after them. */
  readonly frames: Uint8Array;
  readonly channels: 1 | 2;
  /** Which of the decoded samples are the recording, where the encoder has told: the first, and their number. */
  readonly played?: { readonly start: number; readonly length: number };
}

/** Bit rates in kbit/s by their four bits, for MPEG 1 and for MPEG 2 and 2.5. 0 is "free format", which nobody writes. */
const BITRATES = [
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0],
] as const;
/** Hz in MPEG 1; half of it in MPEG 2, a quarter in MPEG 2.5. */
const RATES = [44100, 48000, 32000, 0];

/** Some files have padding between the tag and the first frame. */
const MAX_JUNK = 65536;

interface Header {
  /** 1, 2 or (for 2.5) 4. */
  readonly version: number;
  readonly sampleRate: number;
  readonly mono: boolean;
  /** Bytes of the whole frame. */
  readonly length: number;
}

/** Frame header: 11 bits of sync, version, layer (01 is III), no checksum; bit rate, rate, padding; channel mode (3 is mono). */
function readHeader(bytes: Uint8Array, at: number): Header | undefined {
  const [sync = 0, kind = 0, rates = 0, mode = 0] = bytes.subarray(at, at + 4);
  if (at + 4 > bytes.length || sync !== 0xff || (kind & 0xe6) !== 0xe2) return undefined;
  const version = [4, 0, 2, 1][(kind >> 3) & 3] as number;
  const bitrate = BITRATES[version === 1 ? 0 : 1][rates >> 4] as number;
  const sampleRate = (RATES[(rates >> 2) & 3] as number) / version;
  if (version === 0 || bitrate === 0 || sampleRate === 0) return undefined;
  const slots = Math.floor(((version === 1 ? 144_000 : 72_000) * bitrate) / sampleRate);
  return { version, sampleRate, mono: mode >> 6 === 3, length: slots + ((rates >> 1) & 1) };
}

/** The length of an ID3v2 tag at `at`, 0 without one: ten bytes, the size in four of 7 bits, perhaps a footer of ten. */
export function id3Length(bytes: Uint8Array, at = 0): number {
  const [i, d, three, , , flags = 0, ...size] = bytes.subarray(at, at + 10);
  if (i !== 0x49 || d !== 0x44 || three !== 0x33) return 0;
  return 10 + size.reduce((sum, byte) => sum * 128 + (byte & 127), 0) + ((flags & 16) >> 4) * 10;
}

/**
 * Walks all frames, because decoders skip over damage in silence. Throws InputError for a file whose frames are not all there:
 * the last one incomplete, fewer than its Xing header counts, or something else between them.
 */
export function readMp3Stream(bytes: Uint8Array, name: string): Mp3Stream {
  const fail = (why: string): never => {
    throw new InputError(`${name}: ${why}`);
  };
  let start = 0;
  for (let tag = id3Length(bytes); tag > 0; tag = id3Length(bytes, start)) start += tag;
  if (start + 4 > bytes.length) return fail('truncated MP3');

  const alike = (a: Header | undefined, b: Header): a is Header =>
    a?.version === b.version && a.sampleRate === b.sampleRate && a.mono === b.mono;
  /** Four bytes may look like a header by chance: the next frame must follow, or the end of the file. */
  const begins = (at: number): boolean => {
    const header = readHeader(bytes, at);
    if (!header) return false;
    return at + header.length + 4 > bytes.length || alike(readHeader(bytes, at + header.length), header);
  };
  const last = Math.min(bytes.length, start + MAX_JUNK);
  while (start < last && !begins(start)) start++;
  const first = readHeader(bytes, start);
  if (!first || start >= last) return fail('corrupt MP3 (no frames of MPEG audio layer III)');

  let count = 0;
  let at = start;
  for (let header: Header | undefined = first; alike(header, first); header = readHeader(bytes, at)) {
    if (at + header.length > bytes.length) fail(`truncated MP3: frame ${count + 1} is incomplete`);
    at += header.length;
    count++;
  }
  if (!isTail(bytes.subarray(at))) fail(`corrupt MP3 (frame ${count + 1}, at byte ${at}, is damaged)`);
  const header = readXing(bytes.subarray(start, start + first.length), first);
  const announced = header?.frames;
  // Some encoders count the frame of the header too.
  if (announced !== undefined && count < announced)
    fail(`truncated MP3: ${announced} frames announced, ${count - 1} present`);
  const frames = bytes.subarray(start, at);
  const played = header && playedSamples(header, first);
  return { frames, channels: first.mono ? 1 : 2, ...(played && { played }) };
}

/** Whether these bytes may follow the last frame: nothing, zeros, tags. */
function isTail(bytes: Uint8Array): boolean {
  const at = bytes.findIndex((byte) => byte !== 0);
  return (
    at < 0 || /^(TAG|APETAGEX|LYRICSBE|ID3|3DI)/.test(String.fromCharCode(...bytes.subarray(at, at + 8)))
  );
}

interface Xing {
  /** Frames after this one. */
  readonly frames?: number;
  /** Samples that the encoder put before and after the recording. */
  readonly padding?: readonly [number, number];
}

/**
 * The Xing or Info header of the first frame, behind the place of the side information: flags, and by the lowest four of them the
 * number of frames, that of bytes, a table of 100 bytes and a quality. Then the encoder's name, and 21 bytes from its beginning two
 * numbers of 12 bits: the padding.
 */
function readXing(frame: Uint8Array, header: Header): Xing | undefined {
  const [stereo, mono] = header.version === 1 ? [32, 17] : [17, 9];
  const at = 4 + (header.mono ? mono : stereo);
  if (at + 12 > frame.length) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const tag = String.fromCharCode(...frame.subarray(at, at + 4));
  if (tag !== 'Xing' && tag !== 'Info') return undefined;
  const flags = view.getUint32(at + 4);
  const fields = [4, 4, 100, 4].reduce((sum, size, bit) => sum + ((flags >> bit) & 1) * size, 0);
  const encoder = at + 8 + fields;
  const named = encoder + 24 <= frame.length && view.getUint8(encoder) !== 0;
  const both = named ? view.getUint32(encoder + 20) & 0xffffff : 0;
  return {
    ...((flags & 1) === 1 && { frames: view.getUint32(at + 8) }),
    ...(named && { padding: [both >> 12, both & 4095] as const }),
  };
}

/** Every decoder is late by this many samples, which encoders do not count. */
const DECODER_DELAY = 529;

function playedSamples({ frames, padding }: Xing, { version }: Header): Mp3Stream['played'] {
  if (frames === undefined || !padding) return undefined;
  const [before, after] = padding;
  const length = frames * (version === 1 ? 1152 : 576) - before - after;
  return length > 0 ? { start: before + DECODER_DELAY, length } : undefined;
}
