import type { PictureSize, Square } from '../engine/api.js';

/** Smallest side of a square made by hand, in pixels of the picture. */
const least = 16;
/** How far a square may reach beyond the picture, as a part of its side; it is black there. */
const overhang = 1 / 4;

/** The largest centred square. */
export function centreSquare({ width, height }: PictureSize): Square {
  const size = Math.min(width, height);
  return { x: Math.floor((width - size) / 2), y: Math.floor((height - size) / 2), size };
}

/** The nearest square in whole pixels that is neither tiny nor mostly outside of the picture. */
export function clampSquare({ x, y, size }: Square, picture: PictureSize): Square {
  const most = Math.round(Math.max(picture.width, picture.height) * (1 + overhang));
  const side = Math.round(clamp(size, Math.min(least, most), most));
  const over = side * overhang;
  const along = (start: number, extent: number) => {
    const [first, last] = [-over, extent - side + over];
    return Math.round(first <= last ? clamp(start, first, last) : (extent - side) / 2);
  };
  return { x: along(x, picture.width), y: along(y, picture.height), size: side };
}

export function moveSquare(square: Square, dx: number, dy: number, picture: PictureSize): Square {
  return clampSquare({ ...square, x: square.x + dx, y: square.y + dy }, picture);
}

/** Grown or shrunk about its centre. */
export function resizeSquare(square: Square, size: number, picture: PictureSize): Square {
  const side = clampSquare({ ...square, size }, picture).size;
  const shift = (square.size - side) / 2;
  return clampSquare({ x: square.x + shift, y: square.y + shift, size: side }, picture);
}

/** The square whose corner was dragged to `(x, y)` while the opposite one stayed; `corner` is −1 or 1 in x and y. */
export function dragCorner(
  square: Square,
  corner: { readonly x: number; readonly y: number },
  to: { readonly x: number; readonly y: number },
  picture: PictureSize,
): Square {
  const fixed = {
    x: corner.x > 0 ? square.x : square.x + square.size,
    y: corner.y > 0 ? square.y : square.y + square.size,
  };
  const size = Math.max(least, (to.x - fixed.x) * corner.x, (to.y - fixed.y) * corner.y);
  return clampSquare(
    { x: corner.x > 0 ? fixed.x : fixed.x - size, y: corner.y > 0 ? fixed.y : fixed.y - size, size },
    picture,
  );
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
