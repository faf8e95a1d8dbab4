import type { Square } from './crop.js';
import { fitLongSide, makePasteBack } from './paste-back.js';
import type { Picture } from './picture.js';
import type { Size } from './resize.js';
import { makeResizer } from './resize.js';

export interface FinishOptions {
  /** Put the animated square back into the whole portrait. */
  readonly pasteBack?: boolean;
  /** The longer side of the video, in pixels. */
  readonly size?: number;
}

/**
 * Size of the video: a square of the model's size but at least 512 unless `size` is given; with `pasteBack` that of the
 * portrait, `size` its longer side.
 *
 * @param inputSide S, the side of the model's frames.
 */
export function outputSize({ pasteBack, size }: FinishOptions, portrait: Size, inputSide: number): Size {
  if (!pasteBack) {
    const side = size ?? Math.max(inputSide, 512);
    return { width: side, height: side };
  }
  const { width, height } = portrait;
  return size === undefined ? { width, height } : fitLongSide(portrait, size);
}

/**
 * A function that makes the video's pictures of the model's S×S frames.
 *
 * @param square the part of the portrait that is animated.
 * @param output as `outputSize` gives it.
 */
export function frameFinisher(
  { pasteBack }: FinishOptions,
  portrait: Picture,
  square: Square,
  inputSide: number,
  output: Size,
): (frame: Picture) => Picture {
  if (pasteBack) return makePasteBack(portrait, square, inputSide, output);
  return makeResizer({ width: inputSide, height: inputSide }, output);
}
