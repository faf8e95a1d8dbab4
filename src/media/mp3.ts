import { InputError } from '../base/errors.js';
import { joinPieces, readFrames, type FrameHeader, type FrameKind } from './sound-frames.js';
import type { Note } from './note.js';

/** One stream: what a decoder is given, and what it must give back. */
export interface Mp3Stream {
  /** The frames, without tags. */
  readonly frames: Uint8Array;
  readonly channels: 1 | 2;
  /** Which of the decoded samples are the recording, where the encoder has told: the first, and their number. */
  readonly played?: { readonly start: number; readonly length: number };
}

/**
 * Bit rates in kbit/s by their four bits, for MPEG 1 and for MPEG 2 and 2.5. 0 is "free format", which nobody writes.
 */
const BITRATES = [
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0],
] as const;
/** Hz in MPEG 1; half of it in MPEG 2, a quarter in MPEG 2.5. */
const RATES = [44100, 48000, 32000, 0];

interface Header extends FrameHeader {
  /** 1, 2 or (for 2.5) 4. */
  readonly version: number;
  readonly sampleRate: number;
  readonly mono: boolean;
}

/**
 * Frame header: 11 bits of sync, version, layer (01 is III), no checksum; bit rate, rate, padding; channel mode (3 is
 * mono).
 */
function readHeader(bytes: Uint8Array, at: number): Header | undefined {
  const [sync = 0, kind = 0, rates = 0, mode = 0] = bytes.subarray(at, at + 4);
  if (at + 4 > bytes.length || sync !== 0xff || (kind & 0xe6) !== 0xe2) return undefined;
  const version = [4, 0, 2, 1][(kind >> 3) & 3] as number;
  const bitrate = BITRATES[version === 1 ? 0 : 1][rates >> 4] as number;
  const sampleRate = (RATES[(rates >> 2) & 3] as number) / version;
  if (version === 0 || bitrate === 0 || sampleRate === 0) return undefined;
  const slots = Math.floor(((version === 1 ? 144_000 : 72_000) * bitrate) / sampleRate);
  const mono = mode >> 6 === 3;
  const length = slots + ((rates >> 1) & 1);
  return { version, sampleRate, mono, length, stream: `${version} ${sampleRate} ${mono}` };
}

export const MP3: FrameKind<Header> = {
  name: 'MP3',
  header: readHeader,
  isFirst: (frame, header) => readXing(frame, header) !== undefined || vbriFrames(frame) !== undefined,
};

/**
 * The streams of an MP3: one, or several where files were appended to each other, with tags between them or without.
 * Throws InputError for a file whose frames are not all there: the last one incomplete, fewer than a stream's first
 * frame counts, or something else between them.
 */
export function readMp3Streams(bytes: Uint8Array, name: string, note: Note): Mp3Stream[] {
  return readFrames(bytes, name, MP3, note).map(({ header, count, pieces }) => {
    const frames = joinPieces(pieces);
    const first = frames.subarray(0, header.length);
    const vbri = vbriFrames(first);
    const xing = vbri === undefined ? readXing(first, header) : { frames: vbri };
    // Some encoders count the frame of the header too.
    if (xing?.frames !== undefined && count < xing.frames)
      throw new InputError(`${name}: truncated MP3: ${xing.frames} frames announced, ${count - 1} present`);
    const played = xing && playedSamples(xing, header);
    return {
      // Decoders know Xing's header and take this one for silence.
      frames: vbri === undefined ? frames : frames.subarray(header.length),
      channels: header.mono ? 1 : 2,
      ...(played && { played }),
    };
  });
}

/** The number of frames by the header of Fraunhofer's encoder, at byte 36 of a first frame whatever its channels. */
function vbriFrames(frame: Uint8Array): number | undefined {
  if (frame.length < 54 || String.fromCharCode(...frame.subarray(36, 40)) !== 'VBRI') return undefined;
  return new DataView(frame.buffer, frame.byteOffset).getUint32(50);
}

interface Xing {
  /** Frames after this one. */
  readonly frames?: number;
  /** Samples that the encoder put before and after the recording. */
  readonly padding?: readonly [number, number];
}

/**
 * The Xing or Info header of the first frame, behind the place of the side information: flags, and by the lowest four
 * of them the number of frames, that of bytes, a table of 100 bytes and a quality. Then the encoder's name, and 21
 * bytes from its beginning two numbers of 12 bits: the padding.
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
