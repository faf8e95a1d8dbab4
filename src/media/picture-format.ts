import { InputError, messageOf } from '../base/errors.js';
import { removeAlpha, type ReadPictureOptions, type RgbaPicture } from './alpha.js';
import { upright } from './exif.js';
import { pictureFormat } from './file-kind.js';
import { readJpegHeader } from './jpeg.js';
import type { Picture } from './picture.js';
import { readPngHeader } from './png-chunks.js';
import { readWebpHeader } from './webp.js';

/** What differs between Node and a browser. */
export interface PictureCodecs {
  /** PNG to RGBA; throws InputError. */
  readonly decodePng: (bytes: Uint8Array, name: string) => RgbaPicture | Promise<RgbaPicture>;
  /** The decoder's compiled code. Left out, its package fetches the .wasm that lies beside it, as bundlers arrange. */
  readonly wasm?: (format: 'JPEG' | 'WebP') => Promise<WebAssembly.Module>;
}

const MAX_PIXELS = 2 ** 26;

/**
 * Any PNG, JPEG (baseline, progressive, grey) or still WebP as an upright RGB picture: turned as its EXIF says,
 * without alpha as `options` say, colour profiles ignored. At most 8192² pixels. `name` is for messages.
 * Throws InputError for everything that is none, cut, damaged or larger.
 */
export async function decodePicture(
  bytes: Uint8Array,
  name: string,
  codecs: PictureCodecs,
  options: ReadPictureOptions = {},
): Promise<Picture> {
  const format = pictureFormat(bytes, name);
  if (format === 'PNG') {
    const rgba = await codecs.decodePng(bytes, name);
    const { orientation, animated } = readPngHeader(bytes);
    if (animated)
      (options.note ?? console.warn)(`${name}: an animated PNG, of which the still picture is taken`);
    return upright(removeAlpha(rgba, name, options), orientation);
  }
  const header = (format === 'JPEG' ? readJpegHeader : readWebpHeader)(bytes, name);
  const { width, height, orientation } = header;
  if (width === 0 || height === 0)
    throw new InputError(`${name}: corrupt ${format} (${width}x${height} pixels)`);
  if (width * height > MAX_PIXELS)
    throw new InputError(`${name}: ${width}x${height} pixels, expected at most 8192x8192`);
  const decoded = await decodeByWasm(format, bytes, name, codecs);
  if (decoded.width !== width || decoded.height !== height)
    throw new InputError(`${name}: corrupt ${format} (no picture of the announced size)`);
  return upright(removeAlpha(decoded, name, options), orientation);
}

/**
 * The part of @jsquash/jpeg/decode.js and @jsquash/webp/decode.js in use; their declarations lack the module argument.
 */
interface Decoder {
  init(wasm: WebAssembly.Module | undefined, options: { printErr?: (line: string) => void }): Promise<void>;
  default(bytes: Uint8Array): Promise<ImageData>;
}

async function decodeByWasm(
  format: 'JPEG' | 'WebP',
  bytes: Uint8Array,
  name: string,
  codecs: PictureCodecs,
): Promise<ImageData> {
  const imported: unknown = await (format === 'JPEG'
    ? import('@jsquash/jpeg/decode.js')
    : import('@jsquash/webp/decode.js'));
  const decoder = imported as Decoder;
  const wasm = await codecs.wasm?.(format);
  const complaints: string[] = [];
  const fail = (why: string): never => {
    throw new InputError(`${name}: corrupt ${format} (${why})`);
  };
  try {
    // A fresh instance each time, begun and used without a pause in between: one that failed is unusable.
    const [, decoded] = await Promise.all([
      decoder.init(wasm, { printErr: (line) => complaints.push(line) }),
      decoder.default(bytes),
    ]);
    // libjpeg goes on after damage, with grey or garbage.
    return complaints[0] === undefined ? decoded : fail(complaints[0]);
  } catch (error) {
    if (error instanceof InputError) throw error;
    return fail(
      complaints.at(-1) ?? (error instanceof Error ? messageOf(error) : 'its data cannot be decoded'),
    );
  } finally {
    // The memory of an instance never shrinks: let it go.
    await decoder.init(wasm, {});
  }
}
