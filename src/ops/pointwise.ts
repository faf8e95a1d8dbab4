import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import { reaches } from '../runtime/tape.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent } from '../runtime/tensor.js';
import type { ConvWeight } from './conv-weight.js';
import type { Style } from './conv2d.js';
import { conv2d } from './conv2d.js';
import { leakyReference } from './epilogue.js';
import { biasActivation } from './finish.js';

export interface PointwiseOptions {
  readonly style?: Style | undefined;
  /** `[outputs]`, before the activation. */
  readonly bias?: Tensor | undefined;
  /** Whether the activation is leakyrelu(·, 0.2)·√2; else there is none. */
  readonly leaky?: boolean;
  /** `[outputs]`, after the activation. */
  readonly shift?: Tensor | undefined;
  readonly label?: string;
}

/**
 * y = activation(conv1×1(style·x) + bias) + shift, for at most four output channels: the picture and flow layers, which
 * a tile of 32 channels would compute ten times over.
 *
 * @param x `[batch, inputs, height, width]`, f32 or f16; y is f32.
 * @param weight packed by `packWeight`, kernel 1.
 * @returns `[batch, outputs, height, width]`.
 * @throws RangeError when shapes do not fit.
 */
export function pointwise(
  rec: Recorder,
  x: Tensor,
  weight: ConvWeight,
  options: PointwiseOptions = {},
): Tensor {
  const { style, bias, shift, leaky = false, label = 'pointwise' } = options;
  const [batch, inputs, height, width] = [extent(x, 0), extent(x, 1), extent(x, 2), extent(x, 3)];
  const { tensor: w, outputs } = weight;
  expectShape('pointwise', w, [1, inputs, 4]);
  if (style) expectShape('pointwise', style.values, [batch, -1]);
  if (bias) expectShape('pointwise', bias, [outputs]);
  if (shift) expectShape('pointwise', shift, [outputs]);
  if (reaches(rec, [x, w, style?.values, bias, shift])) {
    // Its adjoints are those of a convolution with one tap.
    const y = conv2d(rec, x, weight, { style, bias, leaky, label });
    return shift ? biasActivation(rec, y, shift, false, label) : y;
  }
  const y = scratch(rec, label, [batch, outputs, height, width]);
  dispatch(rec, {
    kernel: rec.gpu.tuning.row === 'invocation' ? 'pointwise_each' : 'pointwise',
    params: {
      batch,
      inputs,
      outputs,
      plane: height * width,
      styleOffset: style?.offset ?? 0,
      styleStride: style ? extent(style.values, 1) : 0,
      hasStyle: style ? 1 : 0,
      hasBias: bias ? 1 : 0,
      hasShift: shift ? 1 : 0,
      leaky: leaky ? 1 : 0,
    },
    bindings: { x, w, style: style?.values, bias, shift, y },
    workgroups: flatGrid(batch * height * width, 64),
  });
  return y;
}

/**
 * The plain twin of `pointwise`, in float64: x `[batch, inputs, plane]`, weight `[outputs, inputs]`, style `[batch,
 * inputs]`.
 */
export function pointwiseReference(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  size: { batch: number; inputs: number; outputs: number; plane: number },
  options: {
    style?: ArrayLike<number> | undefined;
    bias?: ArrayLike<number> | undefined;
    shift?: ArrayLike<number> | undefined;
    leaky?: boolean;
  } = {},
): Float64Array {
  const { batch, inputs, outputs, plane } = size;
  return Float64Array.from({ length: batch * outputs * plane }, (_, at) => {
    const p = at % plane;
    const o = Math.floor(at / plane) % outputs;
    const b = Math.floor(at / (plane * outputs));
    let sum = options.bias?.[o] ?? 0;
    for (let i = 0; i < inputs; i++) {
      const channel = b * inputs + i;
      sum += weight[o * inputs + i]! * x[channel * plane + p]! * (options.style?.[channel] ?? 1);
    }
    return (options.leaky ? leakyReference(sum) : sum) + (options.shift?.[o] ?? 0);
  });
}
