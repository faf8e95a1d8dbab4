import type { Picture } from './picture.js';
import { resize } from './resize.js';

/** A square of a picture, in its pixels: top left corner and side. It may reach beyond the picture. */
export interface Square {
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

/** The largest centred square; an odd pixel left over falls to the right and the bottom. */
export function centreSquare({ width, height }: { width: number; height: number }): Square {
  const size = Math.min(width, height);
  return { x: Math.floor((width - size) / 2), y: Math.floor((height - size) / 2), size };
}

/**
 * The published crop (Sec. 7 of docs/model.md): a square of side 2·bs round the centre of a face's box. Everything is
 * cut to whole pixels, towards 0 and in the published order: the box's corners, its half sides, bs = 1.6 times the
 * longer half side, and the centre of the cut corners.
 */
export function portraitSquare(box: { x: number; y: number; width: number; height: number }): Square {
  const [x1, y1] = [Math.trunc(box.x), Math.trunc(box.y)];
  const [x2, y2] = [Math.trunc(box.x + box.width), Math.trunc(box.y + box.height)];
  const bs = Math.trunc(1.6 * Math.max(Math.trunc((x2 - x1) / 2), Math.trunc((y2 - y1) / 2)));
  return { x: Math.trunc((x1 + x2) / 2) - bs, y: Math.trunc((y1 + y2) / 2) - bs, size: 2 * bs };
}

/** Pictures up to this height are enlarged before the published script looks for faces, and cubic thereafter. */
const publishedHeight = 360;

/**
 * What the encoder sees: the square as S×S pixels, resized as the published script does (Sec. 7 of docs/model.md): by
 * area if the **whole picture** is higher than 360 pixels, even where the square must be enlarged, else cubic, even
 * where it shrinks. The centre square, for which no face was looked for, goes by area, as the script's `--no_crop`.
 */
export function preparePortrait(picture: Picture, square: Square, inputSide: number): Picture {
  const centre = centreSquare(picture);
  const whole = square.x === centre.x && square.y === centre.y && square.size === centre.size;
  const interpolation = whole || picture.height > publishedHeight ? 'area' : 'cubic';
  return resize(cropSquare(picture, square), inputSide, inputSide, interpolation);
}

/** Whether a model for S×S pictures wants the published crop; those below 128 are toys, trained on whole pictures. */
export function cropsToFace(inputSide: number): boolean {
  return inputSide >= 128;
}

/** What lies in the square, black where it reaches beyond the picture. */
export function cropSquare(picture: Picture, square: Square): Picture {
  const { x, y, size } = square;
  const data = new Uint8Array(size * size * 3);
  const [left, right] = [Math.max(x, 0), Math.min(x + size, picture.width)];
  const bottom = Math.min(y + size, picture.height);
  for (let row = Math.max(y, 0); row < bottom && left < right; row++) {
    const start = row * picture.width;
    data.set(
      picture.data.subarray((start + left) * 3, (start + right) * 3),
      ((row - y) * size + left - x) * 3,
    );
  }
  return { width: size, height: size, data };
}

/** The picture with its longer side shortened to `most` pixels, if it is longer. */
export function shrinkTo(picture: Picture, most: number): Picture {
  const scale = most / Math.max(picture.width, picture.height);
  if (scale >= 1) return picture;
  const side = (extent: number) => Math.max(1, Math.round(extent * scale));
  return resize(picture, side(picture.width), side(picture.height));
}
