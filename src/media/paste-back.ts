import { mat2d, vec2 } from 'gl-matrix';
import type { Square } from './crop.js';
import type { Picture } from './picture.js';
import type { Size } from './resize.js';
import { makeResizer, resize } from './resize.js';

/** Width of the feathered border, as a part of the square's side. */
const featherPart = 1 / 8;

/** The size of a picture enlarged or shrunk so that its longer side has `longSide` pixels. */
export function fitLongSide({ width, height }: Size, longSide: number): Size {
  const scale = longSide / Math.max(width, height);
  const side = (extent: number) => Math.max(1, Math.round(extent * scale));
  return { width: side(width), height: side(height) };
}

/** Where a square of the original lies in the output, in whole pixels. */
export function pastedSquare(square: Square, original: Size, output: Size): Square {
  const scaling: [number, number] = [output.width / original.width, output.height / original.height];
  const toOutput = mat2d.fromScaling([1, 0, 0, 1, 0, 0], scaling);
  const corner = (x: number, y: number): [number, number] => {
    const moved: [number, number] = [x, y];
    vec2.transformMat2d(moved, moved, toOutput);
    return moved;
  };
  const [left, top] = corner(square.x, square.y);
  const [right] = corner(square.x + square.size, square.y + square.size);
  const x = Math.round(left);
  return { x, y: Math.round(top), size: Math.max(1, Math.round(right) - x) };
}

/**
 * How much of the frame shows at each pixel of one axis of the square: 0 at a feathered end, 1 from the feather's width
 * on, 3t² − 2t³ between. An end at or beyond the picture's border is not feathered: nothing lies outside of it.
 */
export function featherRamp(
  size: number,
  { before, after }: { before: boolean; after: boolean },
): Float64Array {
  const width = Math.max(1, size * featherPart);
  const smooth = (distance: number) => {
    const t = Math.min(1, distance / width);
    return t * t * (3 - 2 * t);
  };
  return Float64Array.from({ length: size }, (_, i) => {
    const start = before ? smooth(i + 0.5) : 1;
    const end = after ? smooth(size - i - 0.5) : 1;
    return start * end;
  });
}

/**
 * A function that puts frames back where the portrait was cut out: the original at the output's size, in it the frame,
 * resized, its border faded into the original (in sRGB values). Where the square reaches beyond the picture, the frame
 * is cut off.
 *
 * @param square where the frames belong, in pixels of the original.
 * @param frameSide S: frames are S×S.
 * @param output size of the result; of the original's aspect.
 */
export function makePasteBack(
  original: Picture,
  square: Square,
  frameSide: number,
  output: Size = original,
): (frame: Picture) => Picture {
  const background = resize(original, output.width, output.height);
  const target = pastedSquare(square, original, output);
  const fit = makeResizer(
    { width: frameSide, height: frameSide },
    { width: target.size, height: target.size },
  );
  const ramp = (start: number, extent: number) =>
    featherRamp(target.size, { before: start > 0, after: start + target.size < extent });
  const across = ramp(target.x, output.width);
  const down = ramp(target.y, output.height);
  const right = Math.min(target.size, output.width - target.x);
  const bottom = Math.min(target.size, output.height - target.y);
  return (frame) => {
    const fitted = fit(frame).data;
    const data = background.data.slice();
    for (let y = Math.max(0, -target.y); y < bottom; y++) {
      for (let x = Math.max(0, -target.x); x < right; x++) {
        const opacity = across[x]! * down[y]!;
        const from = (y * target.size + x) * 3;
        const to = ((target.y + y) * output.width + target.x + x) * 3;
        for (let c = 0; c < 3; c++) {
          const behind = data[to + c]!;
          data[to + c] = Math.round(behind + opacity * (fitted[from + c]! - behind));
        }
      }
    }
    return { width: output.width, height: output.height, data };
  };
}
