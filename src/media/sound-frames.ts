import { InputError } from '../base/errors.js';
import { skipTags } from './tags.js';
import type { Note } from './note.js';

/** How the frames of MPEG sound begin. */
export interface FrameKind<H extends FrameHeader> {
  readonly name: string;
  /** The frame header at `at`, undefined without one. */
  readonly header: (bytes: Uint8Array, at: number) => H | undefined;
  /** Whether a frame tells of those that follow, as encoders write it before the first. */
  readonly isFirst?: (frame: Uint8Array, header: H) => boolean;
}
export interface FrameHeader {
  /** Bytes of the whole frame. */
  readonly length: number;
  /** What all frames of a stream have in common. */
  readonly stream: string;
}

/** Frames that one decoder takes one after the other. */
export interface FrameRun<H extends FrameHeader> {
  readonly header: H;
  readonly count: number;
  /** Its frames: more than one piece where tags lie between them. */
  readonly pieces: readonly Uint8Array[];
}

/** Some files have padding between the tag and the first frame. */
const MAX_JUNK = 65536;

/**
 * Walks all frames, because decoders skip over damage in silence. Tags between them are passed over. A new run begins
 * where the stream changes (another rate, other channels) and at a first frame, as where one file was appended to
 * another. Throws InputError where a frame is incomplete and where something else lies between frames.
 */
export function readFrames<H extends FrameHeader>(
  bytes: Uint8Array,
  name: string,
  kind: FrameKind<H>,
  note: Note,
): FrameRun<H>[] {
  const fail = (why: string): never => {
    throw new InputError(`${name}: ${why}`);
  };
  /**
   * A few bytes may look like a header by chance: the next frame must follow, or something that is no sound, or the
   * end.
   */
  const begins = (at: number): boolean => {
    const header = kind.header(bytes, at);
    if (!header) return false;
    const end = at + header.length;
    const next = skipTags(bytes, end);
    return next + 4 > bytes.length || kind.header(bytes, next)?.stream === header.stream;
  };
  let at = skipTags(bytes, 0);
  if (at + 4 > bytes.length) return fail(`truncated ${kind.name}`);
  const last = Math.min(bytes.length, at + MAX_JUNK);
  while (at < last && !begins(at)) at++;
  if (at >= last) return fail(`corrupt ${kind.name} (no frames of it)`);

  const runs: { header: H; count: number; pieces: Uint8Array[] }[] = [];
  let frames = 0;
  let pieceStart = at;
  const endPiece = (end: number) => {
    if (end > pieceStart) runs.at(-1)?.pieces.push(bytes.subarray(pieceStart, end));
  };
  while (at < bytes.length) {
    const header = kind.header(bytes, at);
    const run = runs.at(-1);
    const follows = header !== undefined && header.stream === run?.header.stream;
    if (header && (follows || begins(at))) {
      const end = at + header.length;
      if (end > bytes.length) fail(`truncated ${kind.name}: frame ${frames + 1} is incomplete`);
      if (!follows || kind.isFirst?.(bytes.subarray(at, end), header)) {
        endPiece(at);
        pieceStart = at;
        runs.push({ header, count: 0, pieces: [] });
      }
      runs.at(-1)!.count++;
      frames++;
      at = end;
      continue;
    }
    const next = skipTags(bytes, at);
    const left = bytes.length - next;
    endPiece(at);
    pieceStart = next;
    if (left > 0 && !(next > at ? kind.header(bytes, next) : undefined)) {
      if (next === at && left < 4) fail(`truncated ${kind.name}: frame ${frames + 1} is incomplete`);
      if (next === at || anyFrame(bytes, next, begins))
        fail(`corrupt ${kind.name} (frame ${frames + 1}, at byte ${next}, is damaged)`);
      note(`${name}: the last ${left} bytes, behind tags, are no sound and are left out`);
      return runs;
    }
    at = next;
  }
  endPiece(at);
  return runs;
}

function anyFrame(bytes: Uint8Array, from: number, begins: (at: number) => boolean): boolean {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1))
    if (at + 8 < bytes.length && begins(at)) return true;
  return false;
}

/** The pieces as one; the very same where there is one. */
export function joinPieces(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  pieces.reduce((at, piece) => (whole.set(piece, at), at + piece.length), 0);
  return whole;
}
