import type { Recorder } from '../runtime/recorder.js';
import { dispatch, scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent } from '../runtime/tensor.js';
import type { ConvWeight } from './conv-weight.js';
import type { Style } from './conv2d.js';
import { conv2d, convTranspose2d } from './conv2d.js';
import { upfirdn2d } from './upfirdn2d.js';

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
    workgroups: [outputs, batch],
  });
  return d;
}

/**
 * StyledConv (Sec. 1 of docs; StyleGAN2's modulated convolution, demodulated, without noise, then FusedLeakyReLU).
 *
 * The paper scales the weights, w'[o,i,k] = d[o]·s[i]·w[o,i,k]. Scaling the input by s and the output by d is the same
 * function, and lets all frames share the weights.
 *
 * @param x `[batch, inputs, size, size]`, or `[1, …]` shared by all frames.
 * @returns `[batch, outputs, size, size]`, or twice the size if `upsample`: transposed convolution, then Blur with gain 4.
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
  const wide = convTranspose2d(rec, x, conv, { style, label: `${label} transposed` });
  return upfirdn2d(rec, wide, { pad: [1, 1], gain: 4, scale, bias, leaky: true, label });
}
