import type { Picture } from './picture.js';

/** EXIF's Orientation: where the stored picture's first row and first column belong. 1 is upright. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

const ORIENTATION_TAG = 0x0112;
/** Bytes of a value by the number of its type: BYTE, SHORT, LONG, and SBYTE, SSHORT, SLONG. */
const INTEGER_BYTES: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4, 6: 1, 8: 2, 9: 4 };

/**
 * The Orientation of an EXIF block, which is a TIFF file: byte order, 42, offset of the first directory; there the
 * number of entries and, twelve bytes each, tag, type, count and value, or the values' offset where they need more than
 * four bytes. EXIF asks for one SHORT; writers that put any other integer there are understood. Only that directory is
 * read, and only inside the block. Upright if the tag is missing or the block makes no sense: a photograph is not
 * refused for its metadata.
 */
export function exifOrientation(exif: Uint8Array): Orientation {
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  if (exif.length < 8) return 1;
  const order = view.getUint16(0);
  const little = order === 0x4949;
  if ((!little && order !== 0x4d4d) || view.getUint16(2, little) !== 42) return 1;
  const directory = view.getUint32(4, little);
  if (directory + 2 > exif.length) return 1;
  const entries = view.getUint16(directory, little);
  for (let i = 0, at = directory + 2; i < entries && at + 12 <= exif.length; i++, at += 12) {
    if (view.getUint16(at, little) !== ORIENTATION_TAG) continue;
    const value = firstInteger(view, at, little) ?? 1;
    return value >= 1 && value <= 8 ? (value as Orientation) : 1;
  }
  return 1;
}

/**
 * The first value of the entry at `at`, unsigned, which changes nothing for those in range; undefined for no integer.
 */
function firstInteger(view: DataView, at: number, little: boolean): number | undefined {
  const size = INTEGER_BYTES[view.getUint16(at + 2, little)];
  const count = view.getUint32(at + 4, little);
  if (size === undefined || count === 0) return undefined;
  const value = size * count <= 4 ? at + 8 : view.getUint32(at + 8, little);
  if (value + size > view.byteLength) return undefined;
  return size === 1
    ? view.getUint8(value)
    : size === 2
      ? view.getUint16(value, little)
      : view.getUint32(value, little);
}

/** The picture as it is meant to be seen. Orientations 5 to 8 swap width and height. */
export function upright(picture: Picture, orientation: Orientation): Picture {
  if (orientation === 1) return picture;
  const { width: w, height: h, data: from } = picture;
  const transposed = orientation >= 5;
  const mirroredX = [2, 3, 7, 8].includes(orientation);
  const mirroredY = [3, 4, 6, 7].includes(orientation);
  // In stored pixels: where the upright picture begins, and what a step to the right and one down are.
  const start = (mirroredX ? w - 1 : 0) + (mirroredY ? (h - 1) * w : 0);
  const along = mirroredX ? -1 : 1;
  const across = mirroredY ? -w : w;
  const [right, down] = transposed ? [across, along] : [along, across];
  const [width, height] = transposed ? [h, w] : [w, h];
  const data = new Uint8Array(from.length);
  let to = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = (start + x * right + y * down) * 3;
      data[to++] = from[at] as number;
      data[to++] = from[at + 1] as number;
      data[to++] = from[at + 2] as number;
    }
  return { width, height, data };
}
