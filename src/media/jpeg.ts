import { InputError } from '../base/errors.js';
import { exifOrientation, type Orientation } from './exif.js';

/** What is to be known of a JPEG before memory is spent on it. */
export interface JpegHeader {
  readonly width: number;
  readonly height: number;
  /** From its EXIF; 1 without one. */
  readonly orientation: Orientation;
  /** Where the letters "Exif" stand. */
  readonly exif?: number;
}

const [SOI, EOI, SOS, APP1] = [0xd8, 0xd9, 0xda, 0xe1];
/** Frames by Huffman coding: baseline, extended, progressive. */
const FRAMES = [0xc0, 0xc1, 0xc2];
/** Lossless, hierarchical and arithmetically coded frames; C4, C8 and CC are no frames. */
const OTHER_FRAMES = [0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf];
const EXIF = [...'Exif'].map((letter) => letter.charCodeAt(0));

/**
 * Encoders write about ten. Every scan passes over all coefficients, so thousands would be a way to keep a decoder
 * busy.
 */
const MAX_SCANS = 100;

/**
 * Walks the segments to the end marker, which decoders do not insist on: they fill up cut files with grey.
 * Throws InputError for a file that is cut, damaged or of a kind the decoder does not know.
 */
export function readJpegHeader(bytes: Uint8Array, name: string): JpegHeader {
  const fail = (why: string): never => {
    throw new InputError(`${name}: ${why}`);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let frame: { width: number; height: number } | undefined;
  let orientation: Orientation = 1;
  let exif: number | undefined;
  let scans = 0;
  for (let at = 2; at + 2 <= bytes.length;) {
    if (bytes[at] !== 0xff) fail(`corrupt JPEG (no marker at byte ${at})`);
    const marker = bytes[at + 1] as number;
    if (marker === 0xff) {
      at++;
      continue;
    }
    at += 2;
    if (marker === EOI)
      return scans > 0 && frame
        ? { ...frame, orientation, ...(exif !== undefined && { exif }) }
        : fail('corrupt JPEG (it holds no picture)');
    if (marker === SOI || marker === 0)
      fail(`corrupt JPEG (a marker ${marker.toString(16)} at byte ${at - 1})`);
    if (at + 2 > bytes.length) break;
    const end = at + view.getUint16(at);
    if (end > bytes.length) break;
    const body = bytes.subarray(at + 2, end);
    if (OTHER_FRAMES.includes(marker))
      fail(
        'unsupported JPEG (lossless, hierarchical or arithmetic coding), expected baseline or progressive',
      );
    if (FRAMES.includes(marker)) {
      if (frame || body.length < 6) fail('corrupt JPEG (its frame header)');
      if (body[0] !== 8) fail(`unsupported JPEG of ${body[0]} bits, expected 8`);
      if (body[5] !== 1 && body[5] !== 3)
        fail(`unsupported JPEG of ${body[5]} colours (CMYK?), expected RGB or grey`);
      frame = { height: view.getUint16(at + 3), width: view.getUint16(at + 5) };
    }
    if (marker === APP1 && exif === undefined && EXIF.every((byte, i) => body[i] === byte)) {
      exif = at + 2;
      orientation = exifOrientation(body.subarray(6));
    }
    at = end;
    if (marker === SOS) {
      if (++scans > MAX_SCANS) fail(`corrupt JPEG (more than ${MAX_SCANS} scans)`);
      at = endOfScan(bytes, at);
    }
  }
  return fail('truncated JPEG');
}

/** The next marker that is neither a stuffed FF nor a restart marker (D0 to D7). */
function endOfScan(bytes: Uint8Array, start: number): number {
  for (
    let at = bytes.indexOf(0xff, start);
    at >= 0 && at + 1 < bytes.length;
    at = bytes.indexOf(0xff, at + 1)
  ) {
    const next = bytes[at + 1] as number;
    if (next !== 0 && next !== 0xff && (next < 0xd0 || next > 0xd7)) return at;
  }
  return bytes.length;
}
