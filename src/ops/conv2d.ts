import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent, sizeOf } from '../runtime/tensor.js';
import type { ConvWeight } from './conv-weight.js';
import type { Epilogue, EpilogueReference } from './epilogue.js';
import { epilogueBindings, epilogueParams, epilogueReference } from './epilogue.js';
import { chooseSplits } from './splits.js';

/** Factors for the input channels of each frame: value (b, i) is `values[b, offset + i]`. */
export interface Style {
  /** `[batch, total]`: the styles of several layers may lie side by side. */
  readonly values: Tensor;
  readonly offset: number;
}

export interface ConvOptions extends Epilogue {
  /** 1 if not given. */
  readonly stride?: number;
  /** Zeros around x, 0 if not given. */
  readonly padding?: number;
  /** Multiplies the input channels. */
  readonly style?: Style | undefined;
  /** Frames of y; needed where x has one frame that all share. */
  readonly batch?: number;
  readonly label?: string;
}

/**
 * y = epilogue(conv2d(style·x)): `torch.nn.functional.conv2d`, square kernel, with what surrounds it in StyleGAN2.
 *
 * @param x `[batch, inputs, height, width]`, or `[1, …]` shared by all frames; f32 or f16, and so are y and the addend.
 * @param weight packed by `packWeight`, f32 or f16.
 * @returns `[batch, outputs, outHeight, outWidth]`, outHeight = ⌊(height + 2·padding − kernel)/stride⌋ + 1.
 * @throws RangeError when shapes do not fit.
 */
export function conv2d(rec: Recorder, x: Tensor, weight: ConvWeight, options: ConvOptions = {}): Tensor {
  const { stride = 1, padding = 0 } = options;
  const kernel = Math.sqrt(extent(weight.tensor, 0));
  if (!Number.isInteger(kernel)) throw new RangeError(`conv2d: ${weight.tensor.label} is not packed for it`);
  const outSize = (size: number) => Math.floor((size + 2 * padding - kernel) / stride) + 1;
  return convolve(rec, x, weight, options, {
    kernel,
    stride,
    pad: padding,
    phases: 1,
    outHeight: outSize(extent(x, 2)),
    outWidth: outSize(extent(x, 3)),
  });
}

/**
 * The transposed convolution with 3×3 taps and stride 2: y[2v+ky, 2u+kx] += style·x[v,u]·w[ky,kx], then the epilogue:
 * `torch.nn.functional.conv_transpose2d(stride=2)`. Each parity of output positions is a convolution of its own with 4,
 * 2, 2 and 1 taps, so that no multiplication by an inserted zero is made: 2.25 taps an output.
 *
 * @param x `[batch, inputs, height, width]`.
 * @param weight packed by `packTransposedWeight`.
 * @returns `[batch, outputs, 2·height + 1, 2·width + 1]`.
 * @throws RangeError when shapes do not fit.
 */
export function convTranspose2d(
  rec: Recorder,
  x: Tensor,
  weight: ConvWeight,
  options: Omit<ConvOptions, 'stride' | 'padding'> = {},
): Tensor {
  expectShape('convTranspose2d', weight.tensor, [9, -1, -1]);
  return convolve(rec, x, weight, options, {
    kernel: 0,
    stride: 1,
    pad: 0,
    phases: 4,
    outHeight: 2 * extent(x, 2) + 1,
    outWidth: 2 * extent(x, 3) + 1,
  });
}

interface Geometry {
  readonly kernel: number;
  readonly stride: number;
  readonly pad: number;
  readonly phases: 1 | 4;
  readonly outHeight: number;
  readonly outWidth: number;
}

function convolve(rec: Recorder, x: Tensor, weight: ConvWeight, options: ConvOptions, geometry: Geometry) {
  const { style, batch = extent(x, 0), label = 'conv2d' } = options;
  const { phases, outHeight, outWidth } = geometry;
  const { outputs } = weight;
  const taps = extent(weight.tensor, 0);
  const inputs = extent(weight.tensor, 1);
  expectShape('conv2d', weight.tensor, [-1, -1, Math.ceil(outputs / 4) * 4]);
  expectShape('conv2d', x, [extent(x, 0) === 1 ? 1 : batch, inputs, -1, -1]);
  if (style) expectShape('conv2d', style.values, [batch, -1]);
  const y = scratch(rec, label, [batch, outputs, outHeight, outWidth], x.precision);
  const epilogue = epilogueParams('conv2d', options, y);

  const height = extent(x, 2);
  const width = extent(x, 3);
  const positions = phases === 1 ? outHeight * outWidth : (height + 1) * (width + 1);
  const { tuning } = rec.gpu;
  const shared = tuning.product === 'shared' || inputs % 4 !== 0;
  const { WIDE, HIGH } = tuning.conv2dTile;
  const tile = shared ? { positions: 4 * WIDE, outputs: 8 * HIGH } : { positions: 32, outputs: 12 };
  const tiles: [number, number] = [
    batch * Math.ceil(positions / tile.positions),
    Math.ceil(outputs / tile.outputs),
  ];
  const panels = (taps / phases) * Math.ceil(inputs / 16);
  const inRows =
    !shared &&
    tuning.conv3x3 === 'rows' &&
    geometry.kernel === 3 &&
    geometry.stride === 1 &&
    geometry.pad === 1 &&
    width % 4 === 0;
  const splits = shared ? chooseSplits(tiles[0] * tiles[1] * phases, panels) : 1;
  const whole = splits === 1;
  const target = whole ? y : scratch(rec, `${label} sums`, [splits, ...y.shape]);
  dispatch(rec, {
    kernel: shared ? 'conv2d' : inRows ? 'conv2d_3x3_subgroup' : 'conv2d_subgroup',
    ...(shared && { constants: { WIDE, HIGH } }),
    params: {
      ...geometry,
      ...(whole ? epilogue : epilogueParams('conv2d', {}, y)),
      batch,
      frameStride: extent(x, 0) === 1 ? 0 : inputs * height * width,
      inputs,
      height,
      width,
      outputs,
      splits,
      scaleOffset: style?.offset ?? 0,
      scaleStride: style ? extent(style.values, 1) : 0,
      hasInScale: style ? 1 : 0,
    },
    bindings: {
      x,
      ...(inRows && { x4: x }),
      w: weight.tensor,
      inScale: style?.values,
      ...epilogueBindings(whole ? options : {}),
      y: target,
    },
    workgroups: [...tiles, phases * splits],
  });
  if (!whole) {
    const count = sizeOf(y.shape);
    dispatch(rec, {
      kernel: 'conv2d_join',
      params: { count, outputs, plane: outHeight * outWidth, splits, ...epilogue },
      bindings: { partial: target, ...epilogueBindings(options), y },
      workgroups: flatGrid(count, 64),
    });
  }
  return y;
}

export interface ConvReference extends EpilogueReference {
  readonly batch: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly height: number;
  readonly width: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: number;
  /** `[batch, inputs]`. */
  readonly style?: ArrayLike<number> | undefined;
}

/**
 * The plain twin of `conv2d`, in float64: x `[batch, inputs, height, width]`, weight `[outputs, inputs, kernel,
 * kernel]`.
 */
export function conv2dReference(x: ArrayLike<number>, weight: ArrayLike<number>, size: ConvReference) {
  const { batch, inputs, outputs, height, width, kernel, stride = 1, padding = 0, style } = size;
  const outHeight = Math.floor((height + 2 * padding - kernel) / stride) + 1;
  const outWidth = Math.floor((width + 2 * padding - kernel) / stride) + 1;
  const y = new Float64Array(batch * outputs * outHeight * outWidth);
  for (let at = 0; at < y.length; at++) {
    const X = at % outWidth;
    const Y = Math.floor(at / outWidth) % outHeight;
    const o = Math.floor(at / (outWidth * outHeight)) % outputs;
    const b = Math.floor(at / (outWidth * outHeight * outputs));
    for (let i = 0; i < inputs; i++) {
      const s = style?.[b * inputs + i] ?? 1;
      for (let ky = 0; ky < kernel; ky++) {
        for (let kx = 0; kx < kernel; kx++) {
          const row = Y * stride + ky - padding;
          const column = X * stride + kx - padding;
          // Outside lie zeros, which 0·∞ makes NaN, as in PyTorch.
          const outside = row < 0 || row >= height || column < 0 || column >= width;
          const value = outside ? 0 : x[((b * inputs + i) * height + row) * width + column]!;
          y[at] = y[at]! + s * value * weight[((o * inputs + i) * kernel + ky) * kernel + kx]!;
        }
      }
    }
  }
  return epilogueReference(y, outputs, outHeight * outWidth, size);
}

/**
 * The plain twin of `convTranspose2d`, in float64: x `[batch, inputs, height, width]`, weight `[outputs, inputs, 3,
 * 3]`.
 */
export function convTranspose2dReference(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  size: Omit<ConvReference, 'kernel' | 'stride' | 'padding'>,
) {
  const { batch, inputs, outputs, height, width, style } = size;
  const outHeight = 2 * height + 1;
  const outWidth = 2 * width + 1;
  const y = new Float64Array(batch * outputs * outHeight * outWidth);
  for (let from = 0; from < batch * inputs * height * width; from++) {
    const u = from % width;
    const v = Math.floor(from / width) % height;
    const channel = Math.floor(from / (width * height));
    const value = x[from]! * (style?.[channel] ?? 1);
    const [b, i] = [Math.floor(channel / inputs), channel % inputs];
    for (let o = 0; o < outputs; o++) {
      for (let tap = 0; tap < 9; tap++) {
        const [ky, kx] = [Math.floor(tap / 3), tap % 3];
        const at = ((b * outputs + o) * outHeight + 2 * v + ky) * outWidth + 2 * u + kx;
        y[at] = y[at]! + value * weight[(o * inputs + i) * 9 + tap]!;
      }
    }
  }
  return epilogueReference(y, outputs, outHeight * outWidth, size);
}
