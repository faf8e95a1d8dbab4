import { cropCentreSquare, type Picture } from './picture.js';

/** Resampling by separable weights, one axis at a time. */

/**
 * Which weights. `fit`, ours: area averaging when an axis shrinks, cubic interpolation when it grows, a copy when it
 * stays. `area` and `cubic` are OpenCV's INTER_AREA and INTER_CUBIC, which the published script prepares portraits with
 * (Sec. 7 of docs/model.md): `cubic` also where an axis shrinks, with four taps whatever the scale; `area` where the
 * picture does not shrink on both axes is `areaLinearWeights`.
 */
export type Interpolation = 'fit' | 'area' | 'cubic';

/** Weights of one axis: output i is Σ_k weight[i·taps + k] · input[index[i·taps + k]]. */
interface AxisWeights {
  readonly taps: number;
  readonly index: Int32Array;
  readonly weight: Float64Array;
}

/**
 * Area averaging, from ≥ to (OpenCV's INTER_AREA): output i covers the input interval [i·s, (i+1)·s), s = from/to, and
 * each input pixel weighs as much of that interval as it covers.
 */
function areaWeights(from: number, to: number): AxisWeights {
  const scale = from / to;
  const taps = Math.ceil(scale) + 1;
  const index = new Int32Array(to * taps);
  const weight = new Float64Array(to * taps);
  for (let i = 0; i < to; i++) {
    // (i·from)/to rather than i·(from/to): whole numbers stay whole.
    const begin = (i * from) / to;
    const end = ((i + 1) * from) / to;
    const first = Math.floor(begin);
    for (let k = 0; k < taps; k++) {
      const j = first + k;
      const overlap = Math.min(end, j + 1) - Math.max(begin, j);
      index[i * taps + k] = Math.min(j, from - 1);
      weight[i * taps + k] = Math.max(0, overlap) / scale;
    }
  }
  return { taps, index, weight };
}

/**
 * What OpenCV's INTER_AREA does where a picture grows: two neighbours j and j + 1, j = ⌊i·s⌋, s = from/to, and the
 * second one weighs (i + 1) − (j + 1)/s, at least 0: as much of the output pixel as lies beyond the first. A whole
 * factor repeats pixels. Beyond the last pixel the last one is repeated.
 */
function areaLinearWeights(from: number, to: number): AxisWeights {
  const taps = 2;
  const index = new Int32Array(to * taps);
  const weight = new Float64Array(to * taps);
  for (let i = 0; i < to; i++) {
    const j = Math.floor((i * from) / to);
    const beyond = Math.max(0, i + 1 - ((j + 1) * to) / from);
    const second = j < from - 1 ? beyond - Math.floor(beyond) : 0;
    index.set([j, Math.min(j + 1, from - 1)], i * taps);
    weight.set([1 - second, second], i * taps);
  }
  return { taps, index, weight };
}

/**
 * Keys' cubic convolution with a = −0.75 (OpenCV's INTER_CUBIC): pixel centres aligned, x = (i + ½)·s − ½, edges
 * repeated. With distance d: (a+2)d³ − (a+3)d² + 1 for d ≤ 1, a·d³ − 5a·d² + 8a·d − 4a for 1 < d < 2.
 */
function cubicWeights(from: number, to: number): AxisWeights {
  const a = -0.75;
  const near = (d: number) => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d: number) => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  const taps = 4;
  const index = new Int32Array(to * taps);
  const weight = new Float64Array(to * taps);
  for (let i = 0; i < to; i++) {
    const x = ((i + 0.5) * from) / to - 0.5;
    const first = Math.floor(x);
    const f = x - first;
    weight.set([far(1 + f), near(f), near(1 - f), far(2 - f)], i * taps);
    for (let k = 0; k < taps; k++) index[i * taps + k] = Math.min(Math.max(first - 1 + k, 0), from - 1);
  }
  return { taps, index, weight };
}

function fitWeights(from: number, to: number): AxisWeights {
  return to < from ? areaWeights(from, to) : cubicWeights(from, to);
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

function weightsFor(interpolation: Interpolation, from: Size, to: Size) {
  if (interpolation === 'fit') return fitWeights;
  if (interpolation === 'cubic') return cubicWeights;
  return to.width <= from.width && to.height <= from.height ? areaWeights : areaLinearWeights;
}

/**
 * A function that resizes pictures of size `from` to size `to`, its weights computed once: use one for a whole video.
 * Sums are float64, the result rounded to nearest and clamped to 0…255. Memory beside the output: a few rows.
 */
export function makeResizer(
  from: Size,
  to: Size,
  interpolation: Interpolation = 'fit',
): (picture: Picture) => Picture {
  const axisWeights = weightsFor(interpolation, from, to);
  const across = axisWeights(from.width, to.width);
  const down = axisWeights(from.height, to.height);
  const rowLength = to.width * 3;

  // Input rows already resized across, row y in slot y mod slots. Each output row reads at most `taps` neighbouring
  // input rows and the windows only move down, so every input row is resized once.
  const slots = down.taps + 1;
  const rows = Array.from({ length: slots }, () => new Float64Array(rowLength));
  const rowInSlot = new Int32Array(slots);

  const resizeRow = (data: Uint8Array, y: number): Float64Array => {
    const slot = y % slots;
    const row = rows[slot] as Float64Array;
    if (rowInSlot[slot] === y) return row;
    rowInSlot[slot] = y;
    const start = y * from.width * 3;
    const { taps, index, weight } = across;
    for (let x = 0, at = 0; x < to.width; x++) {
      let r = 0;
      let g = 0;
      let b = 0;
      for (let k = 0; k < taps; k++, at++) {
        const w = weight[at] as number;
        const source = start + (index[at] as number) * 3;
        r += w * (data[source] as number);
        g += w * (data[source + 1] as number);
        b += w * (data[source + 2] as number);
      }
      row[x * 3] = r;
      row[x * 3 + 1] = g;
      row[x * 3 + 2] = b;
    }
    return row;
  };

  return (picture) => {
    if (picture.width !== from.width || picture.height !== from.height)
      throw new RangeError(
        `resizer for ${from.width}x${from.height} was given ${picture.width}x${picture.height}`,
      );
    if (from.width === to.width && from.height === to.height) return picture;
    rowInSlot.fill(-1);
    const out = new Uint8ClampedArray(to.height * rowLength);
    const sum = new Float64Array(rowLength);
    for (let y = 0; y < to.height; y++) {
      sum.fill(0);
      for (let k = 0; k < down.taps; k++) {
        const w = down.weight[y * down.taps + k] as number;
        if (w === 0) continue;
        const row = resizeRow(picture.data, down.index[y * down.taps + k] as number);
        for (let i = 0; i < rowLength; i++) sum[i] = (sum[i] as number) + w * (row[i] as number);
      }
      // The nudge keeps sums that are a half in exact arithmetic from rounding down.
      for (let i = 0; i < rowLength; i++)
        out[y * rowLength + i] = Math.floor((sum[i] as number) + 0.5 + 1e-9);
    }
    return { width: to.width, height: to.height, data: new Uint8Array(out.buffer) };
  };
}

/** One picture to one size; for many pictures of one size use makeResizer. */
export function resize(
  picture: Picture,
  width: number,
  height: number,
  interpolation?: Interpolation,
): Picture {
  return makeResizer(picture, { width, height }, interpolation)(picture);
}

/**
 * The centre square of a picture as S×S, by area as the published script's `--no_crop` resizes: when no square is asked
 * for.
 */
export function fitSquare(picture: Picture, size: number): Picture {
  return resize(cropCentreSquare(picture), size, size, 'area');
}
