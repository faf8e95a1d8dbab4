import type { Recorder } from '../runtime/recorder.js';
import { dispatch, scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent } from '../runtime/tensor.js';
import type { ConvWeight } from './conv-weight.js';
import type { Style } from './conv2d.js';
import { conv2d, conv2dReference, convTranspose2d, convTranspose2dReference } from './conv2d.js';
import { upfirdn2d, upfirdn2dReference } from './upfirdn2d.js';

export interface ModulatedWeight {
  /** Packed by `packTransposedWeight` where the convolution upsamples, else by `packWeight`. */
  readonly conv: ConvWeight;
  /** `squareSums` of the same weights, `[outputs, inputs]`. */
  readonly squares: Tensor;
  /** `[outputs]`, FusedLeakyReLU's. */
  readonly bias: Tensor;
}

/**
 * d[b,o] = 1/√(Σ_i s[b,i]² · squares[o,i] + 10⁻⁸): what makes a modulated convolution's weights have norm 1.
 *
 * @returns `[batch, outputs]`.
 */
export function demodulation(rec: Recorder, style: Style, squares: Tensor): Tensor {
  const batch = extent(style.values, 0);
  const [outputs, inputs] = [extent(squares, 0), extent(squares, 1)];
  expectShape('demodulation', style.values, [batch, -1]);
  const d = scratch(rec, 'demodulation', [batch, outputs]);
  dispatch(rec, {
    kernel: 'demodulation',
    params: { inputs, outputs, styleOffset: style.offset, styleStride: extent(style.values, 1) },
    bindings: { style: style.values, squares, d },
    workgroups: [Math.ceil(outputs / 8), batch],
  });
  return d;
}

/**
 * StyledConv (Sec. 1 of docs/model.md): StyleGAN2's modulated convolution, demodulated, without noise, then
 * FusedLeakyReLU.
 *
 * The paper scales the weights, w'[o,i,k] = d[o]·s[i]·w[o,i,k]. Scaling the input by s and the output by d is the same
 * function, and lets all frames share the weights.
 *
 * @param x `[batch, inputs, size, size]`, or `[1, …]` shared by all frames.
 * @returns `[batch, outputs, size, size]`, or twice the size if `upsample`: transposed convolution, then Blur with gain
 *   4.
 */
export function styledConv(
  rec: Recorder,
  x: Tensor,
  { conv, squares, bias }: ModulatedWeight,
  style: Style,
  { upsample = false, label = 'styledConv' } = {},
): Tensor {
  const scale = demodulation(rec, style, squares);
  if (!upsample) {
    const batch = extent(style.values, 0);
    const padding = Math.floor(Math.sqrt(extent(conv.tensor, 0)) / 2);
    return conv2d(rec, x, conv, { padding, style, batch, scale, bias, leaky: true, label });
  }
  // Demodulated before it is stored, so that its values are of the size of the layer's own: f16 ends at 65504.
  const wide = convTranspose2d(rec, x, conv, { style, scale, label: `${label} transposed` });
  return upfirdn2d(rec, wide, { pad: [1, 1], gain: 4, bias, leaky: true, label });
}

/**
 * One frame's weights as the paper has them: scaled by the style, then each output's to norm 1, in float64.
 *
 * @param weight `[outputs, style.length, k, k]`.
 */
export function modulatedWeightReference(
  weight: ArrayLike<number>,
  style: ArrayLike<number>,
  outputs: number,
): Float64Array {
  const inputs = style.length;
  const area = weight.length / (outputs * inputs);
  const modulated = Float64Array.from(weight, (w, at) => w * style[Math.floor(at / area) % inputs]!);
  for (let o = 0; o < outputs; o++) {
    const own = modulated.subarray(o * inputs * area, (o + 1) * inputs * area);
    const norm = Math.sqrt(own.reduce((sum, w) => sum + w * w, 1e-8));
    own.forEach((w, at) => (own[at] = w / norm));
  }
  return modulated;
}

/**
 * The plain twin of `styledConv` for one frame, in float64, by modulated weights: x `[inputs, height, width]`, weight
 * `[outputs, inputs, 3, 3]`, style `[inputs]`.
 */
export function styledConvReference(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  style: ArrayLike<number>,
  bias: ArrayLike<number>,
  size: { outputs: number; height: number; width: number; upsample: boolean },
): Float64Array {
  const { outputs, height, width, upsample } = size;
  const own = modulatedWeightReference(weight, style, outputs);
  const frame = { batch: 1, inputs: style.length, outputs, height, width };
  const epilogue = { bias, leaky: true };
  if (!upsample) return conv2dReference(x, own, { ...frame, kernel: 3, padding: 1, ...epilogue });
  const wide = convTranspose2dReference(x, own, frame);
  const wideSize = { batch: 1, outputs, height: 2 * height + 1, width: 2 * width + 1 };
  return upfirdn2dReference(wide, { ...wideSize, pad: [1, 1], gain: 4, ...epilogue });
}
