import { InputError, messageOf } from '../base/errors.js';
import { removeAlpha, type ReadPictureOptions, type RgbaPicture } from '../media/alpha.js';
import { upright, type Orientation } from '../media/exif.js';
import { pictureFormat, type PictureFormat } from '../media/file-kind.js';
import { readJpegHeader } from '../media/jpeg.js';
import type { Picture } from '../media/picture.js';
import { readPngHeader } from '../media/png-chunks.js';
import { readWebpHeader } from '../media/webp.js';
import { readHiddenColours } from './rgba.js';

const MAX_PIXELS = 2 ** 26;

/** Rows drawn at once: browsers limit a canvas' area, some to less than a photograph has. */
const STRIPE = 512;

/**
 * Any still picture that the browser can decode (PNG, JPEG and WebP in all of them) as an upright RGB picture: turned
 * as its EXIF says, over black or without its alpha as `options` say, colour profiles ignored, as in Node. At most
 * 8192² pixels. In pages and workers. `name` is for messages.
 *
 * @throws InputError for a file that is none, cut, damaged or larger.
 */
export async function readPicture(
  blob: Blob,
  name: string,
  options: ReadPictureOptions = {},
): Promise<Picture> {
  const { upturned, orientation, alpha, animated } = await readHeader(blob, name);
  const bitmap = await decode(upturned, name);
  try {
    const { width, height } = bitmap;
    if (width * height > MAX_PIXELS)
      throw new InputError(`${name}: ${width}x${height} pixels, expected at most 8192x8192`);
    if (animated)
      (options.note ?? console.warn)(`${name}: an animated PNG, of which the still picture is taken`);
    const hidden = alpha && options.alpha === 'drop';
    const rgba = hidden ? await readHiddenColours(bitmap, name) : readPixels(bitmap);
    return upright(removeAlpha(rgba, name, options), orientation);
  } finally {
    bitmap.close();
  }
}

function decode(blob: Blob, name: string): Promise<ImageBitmap> {
  return createImageBitmap(blob, {
    imageOrientation: 'from-image',
    premultiplyAlpha: 'none',
    colorSpaceConversion: 'none',
  }).catch(async (error: unknown) => {
    throw await whyNot(blob, name, error);
  });
}

interface Header {
  /** The picture without its EXIF. */
  readonly upturned: Blob;
  readonly orientation: Orientation;
  /** Whether it may have alpha. */
  readonly alpha: boolean;
  readonly animated?: boolean;
}

/**
 * Not every browser heeds the orientation of every format and type: the EXIF is hidden from all of them, and obeyed
 * here. Formats that Node does not read are left to the browser.
 */
async function readHeader(blob: Blob, name: string): Promise<Header> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const hidden = (at: number | undefined) => {
    if (at === undefined) return blob;
    const letters = [...'NONE'].map((letter) => letter.charCodeAt(0));
    bytes.set(letters, at);
    return new Blob([bytes]);
  };
  switch (formatOf(bytes, name)) {
    case 'WebP': {
      const { orientation, exif, alpha } = readWebpHeader(bytes, name);
      return { upturned: hidden(exif), orientation, alpha };
    }
    case 'JPEG': {
      const { orientation, exif } = jpegHeader(bytes, name);
      return { upturned: hidden(exif), orientation, alpha: false };
    }
    case 'PNG': {
      const { exif, ...header } = readPngHeader(bytes);
      const upturned = exif ? new Blob([bytes.subarray(0, exif[0]), bytes.subarray(exif[1])]) : blob;
      return { upturned, ...header };
    }
    default:
      return { upturned: blob, orientation: 1, alpha: true };
  }
}

function formatOf(bytes: Uint8Array, name: string): PictureFormat | undefined {
  try {
    return pictureFormat(bytes, name);
  } catch {
    return undefined;
  }
}

/** Browsers read kinds of JPEG that Node refuses, CMYK for example. */
function jpegHeader(bytes: Uint8Array, name: string): { orientation: Orientation; exif?: number } {
  try {
    return readJpegHeader(bytes, name);
  } catch {
    return { orientation: 1 };
  }
}

function readPixels(bitmap: ImageBitmap): RgbaPicture {
  const { width, height } = bitmap;
  const data = new Uint8Array(width * height * 4);
  const canvas = new OffscreenCanvas(width, Math.min(height, STRIPE));
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('the browser gives no canvas to read a picture with');
  for (let y = 0; y < height; y += STRIPE) {
    const rows = Math.min(STRIPE, height - y);
    context.clearRect(0, 0, width, rows);
    context.drawImage(bitmap, 0, y, width, rows, 0, 0, width, rows);
    data.set(context.getImageData(0, 0, width, rows).data, y * width * 4);
  }
  return { width, height, data };
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
