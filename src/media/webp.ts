import { InputError } from '../base/errors.js';
import { exifOrientation, type Orientation } from './exif.js';

/** What is to be known of a WebP before memory is spent on it. */
export interface WebpHeader {
  readonly width: number;
  readonly height: number;
  /** From its EXIF; 1 without one. */
  readonly orientation: Orientation;
  /** Where the EXIF's chunk begins. */
  readonly exif?: number;
  /** May have an alpha channel. */
  readonly alpha: boolean;
}

const [ANIMATED, ALPHA] = [2, 16];

/**
 * Walks the chunks of a RIFF/WEBP file. Throws InputError for one that is cut, damaged or animated.
 * Sizes: VP8 (lossy) 14 bits each after the start code 9D 01 2A, VP8L (lossless) 14 bits each, less one, after the
 * signature 2F, VP8X (the canvas, with features) 24 bits each, less one.
 */
export function readWebpHeader(bytes: Uint8Array, name: string): WebpHeader {
  const fail = (why: string): never => {
    throw new InputError(`${name}: ${why}`);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || view.getUint32(4, true) + 8 > bytes.length) fail('truncated WebP');
  const fileEnd = view.getUint32(4, true) + 8;
  let canvas: string | undefined;
  let size: { width: number; height: number } | undefined;
  let orientation: Orientation = 1;
  let exifAt: number | undefined;
  let alpha = false;
  for (let at = 12; at + 8 <= fileEnd;) {
    const id = String.fromCharCode(...bytes.subarray(at, at + 4));
    const length = view.getUint32(at + 4, true);
    const body = at + 8;
    at = body + length + (length & 1);
    if (body + length > fileEnd) fail('corrupt WebP (a chunk reaches beyond the end)');
    if (id === 'VP8X' && length >= 10) {
      if (((bytes[body] as number) & ANIMATED) !== 0) fail('an animated WebP, expected a still picture');
      alpha ||= ((bytes[body] as number) & ALPHA) !== 0;
      canvas = `${(view.getUint32(body + 3, true) >>> 8) + 1}x${(view.getUint32(body + 6, true) >>> 8) + 1}`;
    } else if (id === 'VP8 ' && length >= 10) {
      size ??= {
        width: view.getUint16(body + 6, true) & 0x3fff,
        height: view.getUint16(body + 8, true) & 0x3fff,
      };
    } else if (id === 'VP8L' && length >= 5) {
      const bits = view.getUint32(body + 1, true);
      alpha ||= ((bits >>> 28) & 1) === 1;
      size ??= { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    } else if (id === 'EXIF' && exifAt === undefined) {
      exifAt = body - 8;
      const exif = bytes.subarray(body, body + length);
      // Some writers keep the prefix that the block has in a JPEG.
      orientation = exifOrientation(exif[0] === 0x45 ? exif.subarray(6) : exif);
    }
  }
  if (!size || (canvas !== undefined && canvas !== `${size.width}x${size.height}`))
    return fail('corrupt WebP (no picture of the announced size)');
  return { ...size, orientation, alpha, ...(exifAt !== undefined && { exif: exifAt }) };
}
