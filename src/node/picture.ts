import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { ReadPictureOptions } from '../media/alpha.js';
import type { Picture } from '../media/picture.js';
import { decodePicture, type PictureCodecs } from '../media/picture-format.js';
import { readInput } from './files.js';
import { decodePngRgba } from './png.js';

const WASM = {
  JPEG: '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm',
  WebP: '@jsquash/webp/codec/dec/webp_dec.wasm',
};
const compiled = new Map<string, Promise<WebAssembly.Module>>();

const codecs: PictureCodecs = {
  decodePng: decodePngRgba,
  wasm: (format) => {
    const module = compiled.get(format) ?? compile(createRequire(import.meta.url).resolve(WASM[format]));
    compiled.set(format, module);
    return module;
  },
};

async function compile(path: string): Promise<WebAssembly.Module> {
  return WebAssembly.compile(new Uint8Array(await readFile(path)));
}

/**
 * A PNG, JPEG or WebP file as an upright RGB picture, laid over black or without its alpha as `options` say; the format
 * is told by the content, not by the name. Throws InputError for a file that is missing, of another kind, cut short,
 * damaged or larger than 8192² pixels.
 */
export async function readPicture(path: string, options: ReadPictureOptions = {}): Promise<Picture> {
  return decodePicture(await readInput(path), path, codecs, options);
}
