import { joinPieces, readFrames, type FrameHeader, type FrameKind } from './sound-frames.js';
import type { Note } from './note.js';

/**
 * ADTS (ISO 14496-3, 1.A.2.2): 12 bits of sync, version, layer (0), no checksum; profile (2 bits), rate (4), one
 * private, channels (3), four more; the frame's length in 13 bits from bit 30 on.
 */
function header(bytes: Uint8Array, at: number): FrameHeader | undefined {
  if (at + 7 > bytes.length || bytes[at] !== 0xff || (bytes[at + 1]! & 0xf6) !== 0xf0) return undefined;
  const [, version = 0, rate = 0, channels = 0, high = 0, low = 0] = bytes.subarray(at, at + 6);
  const length = ((channels & 3) << 11) | (high << 3) | (low >> 5);
  if (length < 7 || ((rate >> 2) & 15) > 12) return undefined;
  return { length, stream: `${version & 8} ${rate & 0xfd} ${channels >> 6}` };
}

export const ADTS: FrameKind<FrameHeader> = { name: 'AAC', header };

/**
 * The streams of AAC in a file, without its tags. Throws InputError for a file that is cut or damaged between frames.
 */
export function readAdts(bytes: Uint8Array, name: string, note: Note): Uint8Array[] {
  return readFrames(bytes, name, ADTS, note).map(({ pieces }) => joinPieces(pieces));
}
