import { inflateSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { InputError, messageOf } from '../base/errors.js';
import { removeAlpha, type RgbaPicture } from '../media/alpha.js';
import { crc32 } from '../media/crc32.js';
import type { Picture } from '../media/picture.js';
import { readPngHeader } from '../media/png-chunks.js';
import { readInput } from './files.js';
import { writeAtomically } from './partial-file.js';

/** 8192²: pngjs holds four bytes a pixel, several times over. */
const MAX_PIXELS = 2 ** 26;
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * Any PNG as RGB: palettes, greys, 1 to 16 bits (rounded to 8), interlaced or not. Transparent pixels are laid over
 * black. Colour profiles, gamma and orientation are ignored: the values are taken as sRGB. Throws InputError for a file
 * that is missing, no PNG, cut short or damaged.
 */
export async function readPng(path: string): Promise<Picture> {
  return decodePng(await readInput(path), path);
}

/** The same from bytes; `name` is for messages. */
export function decodePng(bytes: Uint8Array, name: string): Picture {
  return removeAlpha(decodePngRgba(bytes, name), name, { note: () => undefined });
}

/** With its alpha. */
export function decodePngRgba(bytes: Uint8Array, name: string): RgbaPicture {
  const file = checkFile(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), name);
  try {
    const png = PNG.sync.read(file);
    // pngjs makes black of the one colour that is transparent.
    const { hidden } = readPngHeader(bytes);
    if (hidden)
      for (let at = 0; at < png.data.length; at += 4) if (png.data[at + 3] === 0) png.data.set(hidden, at);
    return png;
  } catch (error) {
    throw new InputError(`${name}: corrupt PNG (${messageOf(error)})`);
  }
}

/**
 * Walks the chunks and inflates the data before pngjs does: it takes a cut file and bytes after the end for the same,
 * returns garbage for a compressed stream that ends early, and allocates whatever the file says. Returns the file up to
 * its IEND.
 */
function checkFile(file: Buffer, name: string): Buffer {
  const fail = (why: string): never => {
    throw new InputError(`${name}: ${why}`);
  };
  if (file.length === 0) fail('an empty file, expected a PNG');
  if (!SIGNATURE.every((byte, i) => i >= file.length || file[i] === byte)) fail('not a PNG file');

  let dataLength = 0;
  const compressed: Buffer[] = [];
  for (let at = SIGNATURE.length; at + 12 <= file.length;) {
    const size = file.readUInt32BE(at);
    const type = file.toString('latin1', at + 4, at + 8);
    const content = file.subarray(at + 8, at + 8 + size);
    const start = at;
    at += 12 + size;
    if (at > file.length) break;
    if (type === 'CgBI')
      fail('a PNG in Apple’s own form (CgBI): convert it with pngcrush -revert-iphone-optimizations');
    // Optional chunks do not keep a picture from being read.
    const critical = /^[A-Z]/.test(type);
    if (critical && crc32(file.subarray(start + 4, at - 4)) !== file.readUInt32BE(at - 4))
      fail(`corrupt PNG (the chunk ${JSON.stringify(type)} at byte ${start} is damaged)`);
    if (critical && !CRITICAL.includes(type))
      fail(`unsupported PNG: it needs a chunk ${JSON.stringify(type)}`);
    if (dataLength === 0) {
      if (type !== 'IHDR' || size !== 13)
        fail(`corrupt PNG (it begins with ${JSON.stringify(type)}, not IHDR)`);
      const [width, height] = [content.readUInt32BE(0), content.readUInt32BE(4)];
      if (width === 0 || height === 0) fail(`corrupt PNG (${width}x${height} pixels)`);
      if (width * height > MAX_PIXELS) fail(`${width}x${height} pixels, expected at most 8192x8192`);
      checkForm(content, fail);
      dataLength = inflatedLength(content, width, height);
    }
    if (type === 'IDAT') compressed.push(content);
    if (type === 'IEND') {
      if (!inflatesTo(Buffer.concat(compressed), dataLength))
        fail('corrupt PNG (the compressed data are damaged)');
      return file.subarray(0, at);
    }
  }
  return fail('truncated PNG');
}

/** The chunks that a picture cannot do without; others of that kind are of a later PNG. */
const CRITICAL = ['IHDR', 'PLTE', 'IDAT', 'IEND'];

/** Bits a sample by colour type. */
const BITS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

function checkForm(header: Buffer, fail: (why: string) => never): void {
  const [bits = 0, colours = 0, compression, filter, interlace = 0] = header.subarray(8);
  if (!BITS[colours]?.includes(bits)) fail(`corrupt PNG (colour type ${colours} with ${bits} bits)`);
  if (compression !== 0 || filter !== 0 || interlace > 1)
    fail(`unsupported PNG: compression ${compression}, filter ${filter}, interlace ${interlace}`);
}

/** Adam7: first column and row, and steps, of each pass. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/**
 * Bytes of all rows, each with its filter byte. Samples a pixel by colour type: grey 1, RGB 3, palette 1, with alpha 2
 * and 4.
 */
function inflatedLength(header: Buffer, width: number, height: number): number {
  const bitsPerPixel = (header[8] as number) * ([1, 0, 3, 1, 2, 0, 4][header[9] as number] ?? 0);
  const passes = header[12] === 1 ? ADAM7 : ([[0, 0, 1, 1]] as const);
  return passes.reduce((sum, [x, y, dx, dy]) => {
    const columns = Math.ceil((width - x) / dx);
    const rows = Math.ceil((height - y) / dy);
    return columns > 0 && rows > 0 ? sum + rows * (1 + Math.ceil((columns * bitsPerPixel) / 8)) : sum;
  }, 0);
}

/** Whether a zlib stream is sound and holds `length` bytes, or a few more, as some writers have it. */
function inflatesTo(compressed: Buffer, length: number): boolean {
  try {
    return inflateSync(compressed, { maxOutputLength: length + 65536 }).length >= length;
  } catch {
    return false;
  }
}

/** A picture as an 8-bit RGB PNG. */
export function encodePng(picture: Picture): Uint8Array {
  const png = new PNG({ width: picture.width, height: picture.height });
  png.data = Buffer.from(picture.data.buffer, picture.data.byteOffset, picture.data.byteLength);
  return PNG.sync.write(png, { colorType: 2, inputColorType: 2, inputHasAlpha: false, deflateLevel: 6 });
}

/**
 * Writes a picture as PNG, under a temporary name first. Throws InputError when it cannot be written, with `fresh` also
 * where a file of that name exists.
 */
export async function writePng(
  path: string,
  picture: Picture,
  options: { readonly fresh?: boolean } = {},
): Promise<void> {
  await writeAtomically(path, encodePng(picture), options);
}
