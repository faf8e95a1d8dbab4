import { PNG } from 'pngjs';
import { InputError, messageOf } from '../errors.js';
import type { Picture } from '../media/picture.js';
import { readInput, writeAtomically } from './files.js';

/** 8192²: pngjs holds four bytes a pixel, several times over. */
const MAX_PIXELS = 2 ** 26;
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * Any PNG as RGB: palettes, greys, 1 to 16 bits (rounded to 8), interlaced or not. Transparent pixels are laid over black,
 * the colour with which the published script surrounds a face near the border (Sec. 7 of docs). Colour profiles and gamma are
 * ignored: the values are taken as sRGB. Throws InputError for a file that is missing, no PNG, cut short or damaged.
 */
export async function readPng(path: string): Promise<Picture> {
  return decodePng(await readInput(path), path);
}

/** The same from bytes; `name` is for messages. */
export function decodePng(bytes: Uint8Array, name: string): Picture {
  const file = checkChunks(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), name);
  let png;
  try {
    png = PNG.sync.read(file);
  } catch (error) {
    // pngjs throws undefined when zlib rejects the stream.
    const why = error === undefined ? 'the compressed data are damaged' : messageOf(error);
    throw new InputError(`${name}: corrupt PNG (${why})`);
  }
  const { width, height, data } = png;
  const rgb = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    const alpha = data[from + 3] as number;
    for (let c = 0; c < 3; c++) rgb[to + c] = Math.round(((data[from + c] as number) * alpha) / 255);
  }
  return { width, height, data: rgb };
}

/**
 * Walks the chunks before pngjs does: it takes a cut file and bytes after the end for the same, and allocates whatever the
 * header says. Returns the file up to its IEND.
 */
function checkChunks(file: Buffer, name: string): Buffer {
  const fail = (why: string): never => {
    throw new InputError(`${name}: ${why}`);
  };
  if (file.length === 0) fail('an empty file, expected a PNG');
  if (!SIGNATURE.every((byte, i) => i >= file.length || file[i] === byte)) fail('not a PNG file');

  for (let at = SIGNATURE.length; at + 12 <= file.length;) {
    const size = file.readUInt32BE(at);
    const type = file.toString('latin1', at + 4, at + 8);
    const end = at + 12 + size;
    if (end > file.length) break;
    if (at === SIGNATURE.length) {
      if (type !== 'IHDR' || size !== 13)
        fail(`corrupt PNG (it begins with ${JSON.stringify(type)}, not IHDR)`);
      const width = file.readUInt32BE(at + 8);
      const height = file.readUInt32BE(at + 12);
      if (width === 0 || height === 0) fail(`corrupt PNG (${width}x${height} pixels)`);
      if (width * height > MAX_PIXELS) fail(`${width}x${height} pixels, expected at most 8192x8192`);
    }
    if (type === 'IEND') return file.subarray(0, end);
    at = end;
  }
  return fail('truncated PNG');
}

/** A picture as an 8-bit RGB PNG. */
export function encodePng(picture: Picture): Uint8Array {
  const png = new PNG({ width: picture.width, height: picture.height });
  png.data = Buffer.from(picture.data.buffer, picture.data.byteOffset, picture.data.byteLength);
  return PNG.sync.write(png, { colorType: 2, inputColorType: 2, inputHasAlpha: false, deflateLevel: 6 });
}

/** Writes a picture as PNG, under a temporary name first. Throws InputError when it cannot be written. */
export async function writePng(path: string, picture: Picture): Promise<void> {
  await writeAtomically(path, encodePng(picture));
}
