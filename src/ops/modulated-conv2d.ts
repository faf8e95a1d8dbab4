import type { Recorder } from '../runtime/recorder.js';
import { constant, dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import { note, reaches } from '../runtime/tape.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent, reshape } from '../runtime/tensor.js';
import type { ConvWeight } from './conv-weight.js';
import type { Style } from './conv2d.js';
import { conv2d, conv2dReference, convTranspose2d, convTranspose2dReference } from './conv2d.js';
import { takeColumns } from './join-columns.js';
import { upfirdn2d, upfirdn2dReference } from './upfirdn2d.js';

export interface ModulatedWeight {
  /** Packed by `packTransposedWeight` where the convolution upsamples, else by `packWeight`. */
  readonly conv: ConvWeight;
  /** `squareSums` of the same weights, `[outputs, inputs]`; not needed of a layer that is demodulated with others. */
  readonly squares?: Tensor;
  /** `[outputs]`, FusedLeakyReLU's. */
  readonly bias: Tensor;
}

/** A layer among those that are demodulated together. */
export interface DemodulatedLayer {
  readonly inputs: number;
  readonly outputs: number;
  /** Where its style begins among the styles. */
  readonly styleOffset: number;
}

/** A layer's demodulation: `[batch, outputs]` from `scaleOffset` on. */
export interface Demodulation {
  readonly scale: Tensor;
  readonly scaleOffset: number;
}

/**
 * `demodulation` of several layers in one launch, without adjoint: a layer's own is shorter than the gap to the next.
 *
 * @param styles `[batch, total]`.
 * @param squares `squareSums` of the layers' weights, `[outputs, inputs]` each, one after the other.
 */
export function demodulations(
  rec: Recorder,
  styles: Tensor,
  squares: Tensor,
  layers: readonly DemodulatedLayer[],
): Demodulation[] {
  const batch = extent(styles, 0);
  expectShape('demodulation', styles, [batch, -1]);
  const eights: number[] = [];
  const firsts: number[] = [];
  let first = 0;
  let squaresStart = 0;
  for (const { inputs, outputs, styleOffset } of layers) {
    firsts.push(first);
    for (let output = 0; output < outputs; output += 8) {
      eights.push(inputs, outputs, output, styleOffset, squaresStart, first, 0, 0);
    }
    first += outputs;
    squaresStart += inputs * outputs;
  }
  expectShape('demodulation', squares, [squaresStart]);
  const places = constant(rec, 'demodulated layers', [eights.length], Float32Array.from(eights));
  const scale = scratch(rec, 'demodulation', [batch * first]);
  dispatch(rec, {
    kernel: 'demodulation',
    params: { batch, styleStride: extent(styles, 1) },
    bindings: { style: styles, squares, layers: places, d: scale },
    workgroups: [eights.length / 8, batch],
  });
  return firsts.map((start) => ({ scale, scaleOffset: batch * start }));
}

/**
 * d[b,o] = 1/√(Σ_i s[b,i]² · squares[o,i] + 10⁻⁸): what makes a modulated convolution's weights have norm 1.
 *
 * With e = dd·d³: ds[b,i] = −s[b,i]·Σ_o e[b,o]·squares[o,i], dsquares[o,i] = −½·Σ_b e[b,o]·s[b,i]².
 *
 * @returns `[batch, outputs]`.
 */
export function demodulation(rec: Recorder, style: Style, squares: Tensor): Tensor {
  const { values: s, offset } = style;
  const batch = extent(s, 0);
  const [outputs, inputs] = [extent(squares, 0), extent(squares, 1)];
  const layer = { inputs, outputs, styleOffset: offset };
  const { scale } = demodulations(rec, s, reshape(squares, [outputs * inputs]), [layer])[0]!;
  const d = reshape(scale, [batch, outputs]);
  note(rec, {
    operator: 'demodulation',
    inputs: [s, squares],
    output: d,
    adjoint: ({ dy, wants, into, give }) => {
      if (offset !== 0 || extent(s, 1) !== inputs)
        throw new RangeError('demodulation: no adjoint by columns');
      const adjoint = (x: Tensor, OF_SQUARES: 0 | 1) => {
        if (!wants(x)) return;
        const y = into(x, `d ${x.label}`);
        dispatch(rec, {
          kernel: 'demodulation_adjoint',
          constants: { OF_SQUARES },
          params: { batch, inputs, outputs },
          bindings: { d, dd: dy, s, squares, y },
          workgroups: flatGrid((OF_SQUARES ? outputs : batch) * inputs, 64),
        });
        give(x, y);
      };
      adjoint(s, 0);
      adjoint(squares, 1);
    },
  });
  return d;
}

/** The adjoint of `demodulation`, in float64: s `[batch, inputs]`, squares `[outputs, inputs]`. */
export function demodulationAdjointReference(
  s: ArrayLike<number>,
  squares: ArrayLike<number>,
  dd: ArrayLike<number>,
  { batch, inputs, outputs }: { batch: number; inputs: number; outputs: number },
): { dStyle: Float64Array; dSquares: Float64Array } {
  const [dStyle, dSquares] = [new Float64Array(batch * inputs), new Float64Array(outputs * inputs)];
  for (let row = 0; row < batch * outputs; row++) {
    const [b, o] = [Math.floor(row / outputs), row % outputs];
    let sum = 1e-8;
    for (let i = 0; i < inputs; i++) sum += s[b * inputs + i]! ** 2 * squares[o * inputs + i]!;
    const e = dd[row]! * sum ** -1.5;
    for (let i = 0; i < inputs; i++) {
      const value = s[b * inputs + i]!;
      dStyle[b * inputs + i]! -= e * value * squares[o * inputs + i]!;
      dSquares[o * inputs + i]! -= (e * value ** 2) / 2;
    }
  }
  return { dStyle, dSquares };
}

export interface StyledConvOptions {
  readonly upsample?: boolean;
  readonly label?: string;
  /** Of the layer, from `demodulations`; else a launch of its own makes it. */
  readonly demodulated?: Demodulation | undefined;
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
  styles: Style,
  { upsample = false, label = 'styledConv', demodulated }: StyledConvOptions = {},
): Tensor {
  // A gradient's columns have one writer: with a tape the style is read twice as a tensor of its own.
  const style = reaches(rec, [styles.values])
    ? { values: takeColumns(rec, styles.values, styles.offset, extent(conv.tensor, 1)), offset: 0 }
    : styles;
  if (!demodulated && !squares) throw new Error('styledConv: neither demodulated nor squares');
  const scales = demodulated ?? { scale: demodulation(rec, style, squares!) };
  if (!upsample) {
    const batch = extent(style.values, 0);
    const padding = Math.floor(Math.sqrt(extent(conv.tensor, 0)) / 2);
    return conv2d(rec, x, conv, { padding, style, batch, ...scales, bias, leaky: true, label });
  }
  // Demodulated before it is stored, so that its values are of the size of the layer's own: f16 ends at 65504.
  const wide = convTranspose2d(rec, x, conv, { style, ...scales, label: `${label} transposed` });
  return upfirdn2d(rec, wide, { pad: [1, 1], gain: 4, bias, leaky: true, label });
}

/**
 * One frame's weights as the paper has them: scaled by the style, then each output's to norm 1, in float64.
 *
 * @param weight `[outputs, style.length, k, k]`.
 */
function modulatedWeightReference(
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
