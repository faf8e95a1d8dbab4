/** A box of a face's part in pixels: top, left and side. */
export type Box = readonly [top: number, left: number, side: number];

/** Pairs of distinct frames of one clip each, and where the face's parts are in the driving ones. */
export interface AutoencoderBatch {
  /** `[batch, 3, size, size]`, −1 … 1. */
  readonly source: Float32Array<ArrayBuffer>;
  readonly driving: Float32Array<ArrayBuffer>;
  /** Eyes and mouth of the driving pictures, 0 or 1: `[batch, size, size]`. */
  readonly mask: Float32Array;
  /** Both eyes of each driving picture, one after the other; and its lips. */
  readonly eyes: readonly Box[];
  readonly lips: readonly Box[];
}

/**
 * The sampling grid of a crop, `[side, side, 2]` for `gridSample`: output pixel (i,j) lies at the centre of its share of
 * the box, left + (j + ½)·box/side in pixels whose first one is centred at ½.
 *
 * @param size of the picture.
 * @param side of the crop.
 */
export function cropGrid([top, left, box]: Box, size: number, side: number): Float32Array {
  const place = (start: number, i: number) => (2 * (start + ((i + 0.5) * box) / side)) / size - 1;
  return Float32Array.from({ length: side * side * 2 }, (_, at) => {
    const [row, column] = [Math.floor(at / 2 / side), Math.floor(at / 2) % side];
    return at % 2 === 0 ? place(left, column) : place(top, row);
  });
}

/**
 * The mask of Eq. 15 as the loss reads it at the features' size: the largest of each square, over the sum of all. Zeros
 * where nothing is masked.
 *
 * @param mask `[batch, from, from]`, 0 or 1.
 * @returns `[batch, to, to]`.
 */
export function lossMap(mask: ArrayLike<number>, from: number, to: number): Float32Array<ArrayBuffer> {
  const side = from / to;
  const count = mask.length / side ** 2;
  const shrunk = new Float64Array(count);
  for (let at = 0; at < mask.length; at++) {
    const [b, row, column] = [Math.floor(at / from ** 2), Math.floor(at / from) % from, at % from];
    const place = (b * to + Math.floor(row / side)) * to + Math.floor(column / side);
    shrunk[place] = Math.max(shrunk[place]!, mask[at]!);
  }
  const sum = shrunk.reduce((total, value) => total + value, 0);
  return Float32Array.from(shrunk, (value) => (sum > 0 ? value / sum : 0));
}
