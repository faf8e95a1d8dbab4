import { InputError, messageOf } from '../base/errors.js';
import { upright, type Orientation } from '../media/exif.js';
import { pictureFormat } from '../media/file-kind.js';
import type { Picture } from '../media/picture.js';
import { readWebpHeader } from '../media/webp.js';

const MAX_PIXELS = 2 ** 26;

/** Rows drawn at once: browsers limit a canvas' area, some to less than a photograph has. */
const STRIPE = 512;

/**
 * Any still picture that the browser can decode (PNG, JPEG and WebP in all of them) as an upright RGB picture: turned as its EXIF
 * says, transparent pixels over black, colour profiles ignored, as in Node. At most 8192² pixels. In pages and workers.
 * `name` is for messages.
 *
 * @throws InputError for a file that is none, cut, damaged or larger.
 */
export async function readPicture(blob: Blob, name: string): Promise<Picture> {
  const { upturned, orientation } = await ownOrientation(blob, name);
  return upright(await decode(upturned, name), orientation);
}

async function decode(blob: Blob, name: string): Promise<Picture> {
  const bitmap = await createImageBitmap(blob, {
    imageOrientation: 'from-image',
    premultiplyAlpha: 'none',
    colorSpaceConversion: 'none',
  }).catch(async (error: unknown) => {
    throw await whyNot(blob, name, error);
  });
  try {
    const { width, height } = bitmap;
    if (width * height > MAX_PIXELS)
      throw new InputError(`${name}: ${width}x${height} pixels, expected at most 8192x8192`);
    return { width, height, data: readPixels(bitmap) };
  } finally {
    bitmap.close();
  }
}

/** Of a WebP not every browser heeds the orientation: it is renamed, so that none does, and returned. */
async function ownOrientation(
  blob: Blob,
  name: string,
): Promise<{ upturned: Blob; orientation: Orientation }> {
  const start = new Uint8Array(await blob.slice(0, 12).arrayBuffer());
  const isWebp = /^RIFF[^]{4}WEBP$/.test(String.fromCharCode(...start));
  if (!isWebp) return { upturned: blob, orientation: 1 };
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const { orientation, exif } = readWebpHeader(bytes, name);
  if (exif !== undefined)
    bytes.set(
      [...'NONE'].map((letter) => letter.charCodeAt(0)),
      exif,
    );
  return { upturned: exif === undefined ? blob : new Blob([bytes]), orientation };
}

function readPixels(bitmap: ImageBitmap): Uint8Array {
  const { width, height } = bitmap;
  const data = new Uint8Array(width * height * 3);
  const canvas = new OffscreenCanvas(width, Math.min(height, STRIPE));
  // Without alpha the canvas begins black, and what is drawn is laid over it.
  const context = canvas.getContext('2d', { alpha: false, willReadFrequently: true });
  if (!context) throw new Error('the browser gives no canvas to read a picture with');
  let to = 0;
  for (let y = 0; y < height; y += STRIPE) {
    const rows = Math.min(STRIPE, height - y);
    context.fillRect(0, 0, width, rows);
    context.drawImage(bitmap, 0, y, width, rows, 0, 0, width, rows);
    const rgba = context.getImageData(0, 0, width, rows).data;
    for (let from = 0; from < rgba.length; from += 4) {
      data[to++] = rgba[from] as number;
      data[to++] = rgba[from + 1] as number;
      data[to++] = rgba[from + 2] as number;
    }
  }
  return data;
}

/** Browsers say no more than that decoding failed; the first bytes tell more. */
async function whyNot(blob: Blob, name: string, error: unknown): Promise<InputError> {
  try {
    const start = new Uint8Array(await blob.slice(0, 64).arrayBuffer());
    return new InputError(`${name}: corrupt ${pictureFormat(start, name)} (${messageOf(error)})`);
  } catch (unknown) {
    return unknown instanceof InputError
      ? unknown
      : new InputError(`${name}: cannot be read (${messageOf(unknown)})`);
  }
}
