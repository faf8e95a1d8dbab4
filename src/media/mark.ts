import type { Picture } from './picture.js';

/** "AI" in pixels, `#` set. */
const letters = [
  '.###..#', //
  '#...#.#',
  '#...#.#',
  '#####.#',
  '#...#.#',
  '#...#.#',
  '#...#.#',
];
const [lettersWide, lettersHigh] = [letters[0]!.length, letters.length];

/** How much of the picture the dark ground of the letters hides: white on it keeps a contrast of 9 to 1 at least. */
const groundOpacity = 0.75;

/**
 * The picture with a mark in its bottom right corner: "AI", white on a dark ground, about a sixteenth of the shorter
 * side high and never less than 7 pixels. A picture too small for the mark is returned as it is.
 */
export function drawMark(picture: Picture): Picture {
  const { width, height } = picture;
  const shorter = Math.min(width, height);
  const pixel = Math.max(1, Math.round(shorter / 16 / lettersHigh));
  const border = 2 * pixel;
  const [wide, high] = [lettersWide * pixel + 2 * border, lettersHigh * pixel + 2 * border];
  const margin = shorter >= 64 ? border : 0;
  const [left, top] = [width - margin - wide, height - margin - high];
  if (left < 0 || top < 0) return picture;

  const data = picture.data.slice();
  for (let y = 0; y < high; y++) {
    const row = letters[Math.floor((y - border) / pixel)];
    for (let x = 0; x < wide; x++) {
      const white = row?.[Math.floor((x - border) / pixel)] === '#';
      const at = ((top + y) * width + left + x) * 3;
      for (let c = 0; c < 3; c++)
        data[at + c] = white ? 255 : Math.round(data[at + c]! * (1 - groundOpacity));
    }
  }
  return { width, height, data };
}
