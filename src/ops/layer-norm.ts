import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent, sizeOf } from '../runtime/tensor.js';
import type { Activation } from './activation.js';
import { activationCode, activationReference } from './activation.js';
import type { Columns } from './columns.js';
import { expectColumns } from './columns.js';

export interface LayerNormOptions {
  readonly eps: number;
  /** `[C]`; weight and bias come together. */
  readonly weight?: Tensor | undefined;
  readonly bias?: Tensor | undefined;
  /**
   * Adaptive normalisation: LN(x)·(1 + scale) + shift, C columns each of the same packed tensor. The paper's Eq. 9,
   * γ·LN(x) + β, with γ = 1 + scale and β = shift.
   */
  readonly scale?: Columns;
  readonly shift?: Columns;
  readonly activation?: Activation;
  /** The axis to normalise over: the last one (default), or axis 1 of conv features [B,C,T]. */
  readonly axis?: 'last' | 'channels';
  readonly label?: string;
}

/**
 * y = activation(LN(x)·(1 + scale) + shift), with LN(x) = (x − E x)/√(Var x + eps)·weight + bias:
 * `torch.nn.functional.layer_norm` over one axis.
 *
 * @param x `[…, C]`, or `[B,C,T]` with `axis: 'channels'`.
 * @returns the shape of x.
 * @throws RangeError when shapes do not fit.
 */
export function layerNorm(rec: Recorder, x: Tensor, options: LayerNormOptions): Tensor {
  const { eps, weight, bias, scale, shift, activation = 'none', axis = 'last' } = options;
  const label = options.label ?? 'layerNorm';
  if (axis === 'channels') expectShape('layerNorm', x, [-1, -1, -1]);
  const channels = extent(x, axis === 'last' ? x.shape.length - 1 : 1);
  const inner = axis === 'last' ? 1 : extent(x, 2);
  const rows = sizeOf(x.shape) / channels;
  if ((weight === undefined) !== (bias === undefined)) {
    throw new RangeError('layerNorm: weight and bias come together');
  }
  if (weight && bias) {
    expectShape('layerNorm', weight, [channels]);
    expectShape('layerNorm', bias, [channels]);
  }
  if (scale?.packed !== shift?.packed) {
    throw new RangeError('layerNorm: scale and shift are columns of one packed tensor');
  }
  const modulationWidth = scale ? expectColumns('layerNorm', scale, rows, channels) : 0;
  if (shift) expectColumns('layerNorm', shift, rows, channels);
  const y = scratch(rec, label, x.shape);
  const inFours = [channels, modulationWidth, scale?.offset ?? 0, shift?.offset ?? 0].every(
    (n) => n % 4 === 0,
  );
  const alone = rec.gpu.tuning.row === 'invocation' && inner === 1 && inFours;
  dispatch(rec, {
    kernel: alone ? 'layer_norm_row' : 'layer_norm',
    constants: { ACTIVATION: activationCode[activation] },
    params: {
      channels,
      inner,
      rows,
      eps,
      hasAffine: weight ? 1 : 0,
      isModulated: scale ? 1 : 0,
      modulationWidth,
      scaleOffset: scale?.offset ?? 0,
      shiftOffset: shift?.offset ?? 0,
    },
    bindings: {
      x,
      weight: weight ?? x,
      bias: bias ?? x,
      modulation: scale?.packed ?? x,
      y,
    },
    workgroups: flatGrid(rows, alone ? 8 : 4),
  });
  return y;
}

/**
 * The plain twin of `layerNorm`, in float64. x is `[outer, channels, inner]` (inner is 1 for sequences);
 * scale and shift are `[outer·inner, channels]`.
 */
export function layerNormReference(
  x: ArrayLike<number>,
  { outer, channels, inner, eps }: { outer: number; channels: number; inner: number; eps: number },
  given: {
    weight?: ArrayLike<number> | undefined;
    bias?: ArrayLike<number> | undefined;
    scale?: ArrayLike<number> | undefined;
    shift?: ArrayLike<number> | undefined;
    activation?: Activation;
  } = {},
): Float64Array {
  const { weight, bias, scale, shift, activation = 'none' } = given;
  const y = new Float64Array(x.length);
  for (let row = 0; row < outer * inner; row++) {
    const first = Math.floor(row / inner) * channels * inner + (row % inner);
    const z = Float64Array.from({ length: channels }, (_, c) => x[first + c * inner]!);
    const mean = z.reduce((sum, v) => sum + v, 0) / channels;
    const variance = z.reduce((sum, v) => sum + (v - mean) ** 2, 0) / channels;
    for (let c = 0; c < channels; c++) {
      const n = ((z[c]! - mean) / Math.sqrt(variance + eps)) * (weight?.[c] ?? 1) + (bias?.[c] ?? 0);
      const at = row * channels + c;
      const modulated = n * (1 + (scale?.[at] ?? 0)) + (shift?.[at] ?? 0);
      y[first + c * inner] = activationReference(activation, modulated);
    }
  }
  return y;
}
