import { exifOrientation, type Orientation } from './exif.js';

/** What is to be known of a PNG beside its pixels. */
export interface PngHeader {
  /** From its EXIF; 1 without one. */
  readonly orientation: Orientation;
  /** Where the EXIF's chunk begins and ends. */
  readonly exif?: readonly [start: number, end: number];
  /** Has further pictures. */
  readonly animated: boolean;
  /** Has an alpha channel, or a transparent colour. */
  readonly alpha: boolean;
  /** Of a grey or RGB picture the one colour that is transparent, in 8 bits. */
  readonly hidden?: readonly [red: number, green: number, blue: number];
}

/**
 * Walks the chunks of a PNG as far as they go: eight bytes of signature, then length, name, content and checksum of
 * each. Damage is not looked for: that is the decoder's.
 */
export function readPngHeader(bytes: Uint8Array): PngHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let orientation: Orientation = 1;
  let exif: readonly [number, number] | undefined;
  let animated = false;
  let hidden: PngHeader['hidden'];
  // Colour types 4 and 6 are grey and RGB with alpha; the byte is the tenth of IHDR.
  let alpha = ((bytes[25] ?? 0) & 4) !== 0;
  for (let at = 8; at + 12 <= bytes.length;) {
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const end = at + 12 + view.getUint32(at);
    if (name === 'acTL') animated = true;
    if (name === 'tRNS' && end <= bytes.length) {
      alpha = true;
      hidden = transparentColour(view, at + 8, end - at - 12);
    }
    if (name === 'eXIf' && !exif && end <= bytes.length) {
      exif = [at, end];
      orientation = exifOrientation(bytes.subarray(at + 8, end - 4));
    }
    at = end;
  }
  return { orientation, animated, alpha, ...(exif && { exif }), ...(hidden && { hidden }) };
}

/**
 * tRNS holds one or three numbers of 16 bits, of which the picture's bits count; bit depth and colour type are in IHDR.
 */
function transparentColour(view: DataView, at: number, length: number): PngHeader['hidden'] {
  const [bits, colourType] = [view.getUint8(24), view.getUint8(25)];
  const top = 2 ** bits - 1;
  const level = (i: number) => Math.round(((view.getUint16(at + 2 * i) & top) * 255) / top);
  if (colourType === 0 && length >= 2) return [level(0), level(0), level(0)];
  if (colourType === 2 && length >= 6) return [level(0), level(1), level(2)];
  return undefined;
}
