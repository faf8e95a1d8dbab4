import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import { note, reaches } from '../runtime/tape.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent } from '../runtime/tensor.js';
import type { Sampling } from './sample-lists.js';
import { gatherSamples } from './sample-lists.js';

/**
 * What the three flow channels say (ToFlow, Sec. 3 of docs/model.md): where to sample, grid = identity + tanh(o₀, o₁),
 * and how much of the sample to take, mask = σ(o₂). The identity is linspace(−1, 1) on both axes, ends included.
 * do₀ = dgrid·(1 − tanh²), do₂ = dmask·σ·(1 − σ).
 *
 * @param o `[batch, 3, height, width]`.
 * @returns grid `[batch, height, width, 2]`, x then y, and mask `[batch, height, width]`.
 */
export function flowGrid(rec: Recorder, o: Tensor): { grid: Tensor; mask: Tensor } {
  expectShape('flowGrid', o, [-1, 3, -1, -1]);
  const [batch, height, width] = [extent(o, 0), extent(o, 2), extent(o, 3)];
  const grid = scratch(rec, 'grid', [batch, height, width, 2]);
  const mask = scratch(rec, 'mask', [batch, height, width]);
  dispatch(rec, {
    kernel: 'flow_grid',
    params: { batch, height, width },
    bindings: { o, grid, mask },
    workgroups: flatGrid(batch * height * width, 64),
  });
  for (const [OF_MASK, output] of [grid, mask].entries()) {
    note(rec, {
      operator: 'flowGrid',
      inputs: [o],
      output,
      adjoint: ({ dy, give }) => {
        const dx = scratch(rec, `d ${o.label}`, o.shape);
        dispatch(rec, {
          kernel: 'flow_grid_adjoint',
          constants: { OF_MASK },
          params: { batch, plane: height * width },
          bindings: { o, dy, dx },
          workgroups: flatGrid(batch * height * width, 64),
        });
        give(o, dx);
      },
    });
  }
  return { grid, mask };
}

/** The plain twin of `flowGrid`, in float64. */
export function flowGridReference(o: ArrayLike<number>, batch: number, height: number, width: number) {
  const plane = height * width;
  const grid = new Float64Array(batch * plane * 2);
  const mask = new Float64Array(batch * plane);
  for (let id = 0; id < batch * plane; id++) {
    const at = Math.floor(id / plane) * 3 * plane + (id % plane);
    grid[2 * id] = -1 + (2 * (id % width)) / (width - 1) + Math.tanh(o[at]!);
    grid[2 * id + 1] = -1 + (2 * Math.floor((id % plane) / width)) / (height - 1) + Math.tanh(o[at + plane]!);
    mask[id] = 1 / (1 + Math.exp(-o[at + 2 * plane]!));
  }
  return { grid, mask };
}

/** The adjoint of `flowGridReference`, in float64. */
export function flowGridAdjointReference(
  o: ArrayLike<number>,
  { grid, mask }: { grid: ArrayLike<number>; mask: ArrayLike<number> },
  plane: number,
): Float64Array {
  return Float64Array.from(o, (value, at) => {
    const [b, channel] = [Math.floor(at / (3 * plane)), Math.floor(at / plane) % 3];
    const position = b * plane + (at % plane);
    if (channel < 2) return grid[2 * position + channel]! * (1 - Math.tanh(value) ** 2);
    const s = 1 / (1 + Math.exp(-value));
    return mask[position]! * s * (1 - s);
  });
}

export interface GridSampleOptions {
  /** PyTorch's `align_corners`; false if not given. */
  readonly alignCorners?: boolean;
  readonly label?: string;
}

/**
 * Bilinear sampling, zero outside: `torch.nn.functional.grid_sample`.
 *
 * @param x `[batch, channels, height, width]`, or `[1, …]` shared by all frames.
 * @param grid `[batch, outHeight, outWidth, 2]`.
 * @returns `[batch, channels, outHeight, outWidth]`.
 */
export function gridSample(rec: Recorder, x: Tensor, grid: Tensor, options: GridSampleOptions = {}): Tensor {
  return sample(rec, x, grid, undefined, undefined, options).warped;
}

/**
 * warped = mask·gridSample(x, grid) and, if h is given, blended = warped + (1 − mask)·h (Sec. 3 of docs/model.md).
 *
 * @param x `[batch, channels, height, width]`, or `[1, …]` shared by all frames; f32 or f16, and so are h and the
 *   results.
 * @param grid `[batch, outHeight, outWidth, 2]`.
 * @param mask `[batch, outHeight, outWidth]`.
 * @param h `[batch, channels, outHeight, outWidth]`.
 */
export function warpBlend(
  rec: Recorder,
  x: Tensor,
  { grid, mask }: { grid: Tensor; mask: Tensor },
  h: Tensor | undefined,
  options: GridSampleOptions = {},
): { warped: Tensor; blended: Tensor | undefined } {
  return sample(rec, x, grid, mask, h, options);
}

function sample(
  rec: Recorder,
  x: Tensor,
  grid: Tensor,
  mask: Tensor | undefined,
  h: Tensor | undefined,
  { alignCorners = false, label = 'warped' }: GridSampleOptions,
) {
  const [batch, outHeight, outWidth] = [extent(grid, 0), extent(grid, 1), extent(grid, 2)];
  const [channels, height, width] = [extent(x, 1), extent(x, 2), extent(x, 3)];
  const shape = [batch, channels, outHeight, outWidth];
  expectShape('gridSample', x, [extent(x, 0) === 1 ? 1 : batch, -1, -1, -1]);
  expectShape('gridSample', grid, [-1, -1, -1, 2]);
  if (mask) expectShape('gridSample', mask, [batch, outHeight, outWidth]);
  if (h) expectShape('gridSample', h, shape);
  const warped = scratch(rec, label, shape, x.precision);
  const blended = scratch(rec, 'blended', h ? shape : [1], x.precision);
  dispatch(rec, {
    kernel: 'grid_sample',
    params: {
      batch,
      channels,
      height,
      width,
      frameStride: extent(x, 0) === 1 ? 0 : channels * height * width,
      outHeight,
      outWidth,
      alignCorners: alignCorners ? 1 : 0,
      hasMask: mask ? 1 : 0,
      blend: h ? 1 : 0,
    },
    bindings: { x, grid, mask, h, warped, blended },
    workgroups: flatGrid(batch * Math.ceil(channels / 8) * outHeight * outWidth, 64),
  });
  if (reaches(rec, [x, grid, mask])) noteSample(rec, x, { grid, mask, height, width, alignCorners }, warped);
  if (mask && h) noteBlend(rec, { warped, mask, h }, blended);
  return { warped, blended: h ? blended : undefined };
}

/**
 * warped = mask·s: ds = mask·dy goes to the four samples by their weights (`gatherSamples`), to the grid by the slope
 * of s between them; dmask = Σ_c dy·s.
 */
function noteSample(rec: Recorder, x: Tensor, sampling: Sampling, warped: Tensor): void {
  const { grid, mask, height, width } = sampling;
  const batch = extent(grid, 0);
  if (extent(x, 0) !== batch) throw new RangeError(`gridSample: no adjoint where frames share ${x.label}`);
  note(rec, {
    operator: 'gridSample',
    inputs: [x, grid, ...(mask ? [mask] : [])],
    output: warped,
    adjoint: ({ dy, wants, give }) => {
      if (wants(grid) || wants(mask)) {
        const dgrid = scratch(rec, `d ${grid.label}`, grid.shape);
        const dmask = scratch(rec, 'd mask', mask?.shape ?? [1]);
        const outPlane = extent(grid, 1) * extent(grid, 2);
        dispatch(rec, {
          kernel: 'grid_sample_adjoint',
          params: {
            batch,
            channels: extent(x, 1),
            height,
            width,
            outPlane,
            alignCorners: sampling.alignCorners ? 1 : 0,
            hasMask: mask ? 1 : 0,
          },
          bindings: { x, grid, mask, dy, dgrid, dmask },
          workgroups: flatGrid(batch * outPlane, 64),
        });
        give(grid, dgrid);
        if (mask) give(mask, dmask);
      }
      if (wants(x)) give(x, gatherSamples(rec, dy, sampling, `d ${x.label}`));
    },
  });
}

/** blended = warped + (1 − mask)·h: dwarped = dy, dh = (1 − mask)·dy, dmask = −Σ_c dy·h. */
function noteBlend(
  rec: Recorder,
  { warped, mask, h }: { warped: Tensor; mask: Tensor; h: Tensor },
  blended: Tensor,
): void {
  note(rec, {
    operator: 'blend',
    inputs: [warped, mask, h],
    output: blended,
    adjoint: ({ dy, give }) => {
      const [dh, dmask] = [scratch(rec, `d ${h.label}`, h.shape), scratch(rec, 'd mask', mask.shape)];
      const [batch, channels, plane] = [extent(h, 0), extent(h, 1), extent(h, 2) * extent(h, 3)];
      dispatch(rec, {
        kernel: 'blend_adjoint',
        params: { batch, channels, plane },
        bindings: { mask, h, dy, dmask, dh },
        workgroups: flatGrid(batch * plane, 64),
      });
      give(warped, dy);
      give(mask, dmask);
      give(h, dh);
    },
  });
}

/** The plain twin of `gridSample`, in float64: x `[batch, channels, height, width]`, grid `[batch, positions, 2]`. */
export function gridSampleReference(
  x: ArrayLike<number>,
  grid: ArrayLike<number>,
  size: { batch: number; channels: number; height: number; width: number; positions: number },
  alignCorners = false,
): Float64Array {
  const { batch, channels, height, width, positions } = size;
  const unnormalise = (g: number, n: number) =>
    alignCorners ? ((g + 1) / 2) * (n - 1) : ((g + 1) * n - 1) / 2;
  return Float64Array.from({ length: batch * channels * positions }, (_, at) => {
    const channel = Math.floor(at / positions);
    const place = 2 * (Math.floor(channel / channels) * positions + (at % positions));
    const column = unnormalise(grid[place]!, width);
    const row = unnormalise(grid[place + 1]!, height);
    // Not from any sample: NaN, as PyTorch has it on a processor.
    if (!Number.isFinite(column) || !Number.isFinite(row)) return NaN;
    let sum = 0;
    for (const r of [Math.floor(row), Math.floor(row) + 1]) {
      for (const c of [Math.floor(column), Math.floor(column) + 1]) {
        if (r < 0 || r >= height || c < 0 || c >= width) continue;
        const weight = (1 - Math.abs(row - r)) * (1 - Math.abs(column - c));
        sum += weight * x[(channel * height + r) * width + c]!;
      }
    }
    return sum;
  });
}

/** The plain twin of `warpBlend`, in float64: mask `[batch, positions]`, h `[batch, channels, positions]`. */
export function warpBlendReference(
  x: ArrayLike<number>,
  { grid, mask }: { grid: ArrayLike<number>; mask: ArrayLike<number> },
  h: ArrayLike<number>,
  size: { batch: number; channels: number; height: number; width: number; positions: number },
): { warped: Float64Array; blended: Float64Array } {
  const { channels, positions } = size;
  const maskAt = (at: number) =>
    mask[Math.floor(at / (positions * channels)) * positions + (at % positions)]!;
  const warped = gridSampleReference(x, grid, size).map((value, at) => value * maskAt(at));
  return { warped, blended: warped.map((value, at) => value + (1 - maskAt(at)) * h[at]!) };
}

/**
 * The adjoint of `warpBlendReference` in float64, of `blended`; or without h of `warped` alone, and dh is not meant.
 */
export function warpBlendAdjointReference(
  x: ArrayLike<number>,
  { grid, mask }: { grid: ArrayLike<number>; mask: ArrayLike<number> },
  h: ArrayLike<number> | undefined,
  dy: ArrayLike<number>,
  size: { batch: number; channels: number; height: number; width: number; positions: number },
): Record<'dx' | 'dGrid' | 'dMask' | 'dh', Float64Array> {
  const { batch, channels, height, width, positions } = size;
  const dx = new Float64Array(x.length);
  const [dGrid, dMask] = [new Float64Array(batch * positions * 2), new Float64Array(batch * positions)];
  const dh = new Float64Array(dy.length);
  for (let at = 0; at < dy.length; at++) {
    const channel = Math.floor(at / positions);
    const place = Math.floor(channel / channels) * positions + (at % positions);
    const [column, row] = [
      ((grid[2 * place]! + 1) * width - 1) / 2,
      ((grid[2 * place + 1]! + 1) * height - 1) / 2,
    ];
    const [d, m] = [dy[at]!, mask[place]!];
    for (const r of [Math.floor(row), Math.floor(row) + 1]) {
      for (const c of [Math.floor(column), Math.floor(column) + 1]) {
        if (r < 0 || r >= height || c < 0 || c >= width) continue;
        const [nearRow, nearColumn] = [1 - Math.abs(row - r), 1 - Math.abs(column - c)];
        const from = (channel * height + r) * width + c;
        dx[from]! += d * m * nearRow * nearColumn;
        dMask[place]! += d * nearRow * nearColumn * x[from]!;
        dGrid[2 * place]! += (d * m * nearRow * x[from]! * (c > column ? 1 : -1) * width) / 2;
        dGrid[2 * place + 1]! += (d * m * nearColumn * x[from]! * (r > row ? 1 : -1) * height) / 2;
      }
    }
    if (h) dMask[place]! -= d * h[at]!;
    dh[at] = (1 - m) * d;
  }
  return { dx, dGrid, dMask, dh };
}
