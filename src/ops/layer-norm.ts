import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import { note } from '../runtime/tape.js';
import type { Gradients } from '../runtime/tape-notes.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent, sizeOf } from '../runtime/tensor.js';
import type { Activation } from './activation.js';
import { activationCode, activationReference } from './activation.js';
import type { Columns } from './columns.js';
import { expectColumns } from './columns.js';
import { activate } from './elementwise.js';
import { sumRows } from './sum-rows.js';

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
  if (rec.tape && activation !== 'none') {
    return activate(rec, layerNorm(rec, x, { ...options, activation: 'none' }), activation, 1, label);
  }
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
    workgroups: flatGrid(rows, alone ? 8 : 1),
  });
  noteLayerNorm(rec, x, y, options);
  return y;
}

/** The adjoint over the last axis; layer_norm_adjoint.wgsl has the formula. */
function noteLayerNorm(
  rec: Recorder,
  x: Tensor,
  y: Tensor,
  { eps, weight, bias, scale, shift, axis }: LayerNormOptions,
): void {
  const channels = extent(x, x.shape.length - 1);
  const rows = sizeOf(x.shape) / channels;
  const inputs = [x, weight, bias, scale?.packed].filter((tensor) => tensor !== undefined);
  const adjoint = ({ dy, wants, into, give, columns }: Gradients) => {
    if (axis === 'channels' || (weight && scale)) {
      throw new Error('layerNorm: the adjoint is over the last axis, with a weight or with a modulation');
    }
    const isModulated = scale !== undefined && shift !== undefined;
    if (isModulated) columns(scale.packed, shift.offset, channels);
    const products = isModulated
      ? columns(scale.packed, scale.offset, channels)
      : scratch(rec, 'dy·n', weight ? [rows, channels] : [1]);
    const dx = into(x, `d ${x.label}`);
    dispatch(rec, {
      kernel: 'layer_norm_adjoint',
      constants: { HAS_WEIGHT: weight ? 1 : 0, IS_MODULATED: isModulated ? 1 : 0 },
      params: {
        channels,
        rows,
        eps,
        modulationWidth: scale ? extent(scale.packed, scale.packed.shape.length - 1) : 0,
        columnsWidth: extent(products, products.shape.length - 1),
        scaleOffset: scale?.offset ?? 0,
        shiftOffset: shift?.offset ?? 0,
      },
      bindings: { x, dy, weight, modulation: scale?.packed, dx, columns: products },
      workgroups: flatGrid(rows, 4),
    });
    give(x, dx);
    for (const [parameter, terms] of [
      [weight, products],
      [bias, dy],
    ] as const) {
      if (!parameter || !wants(parameter)) continue;
      const gradient = into(parameter, `d ${parameter.label}`);
      sumRows(rec, terms, { outer: 1, rows }, gradient);
      give(parameter, gradient);
    }
  };
  note(rec, { operator: 'layerNorm', inputs, output: y, adjoint });
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

/**
 * The adjoint of `layerNormReference` without activation and with inner = 1, in float64: n = (x − mean)/σ, m = (1 +
 * scale)·weight, g = dy·m, dx = (g − mean(g) − n·mean(g·n))/σ. dScale and dShift are given row by row; a weight's and a
 * bias's gradients are the sums of these rows.
 */
export function layerNormAdjointReference(
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
  { rows, channels, eps }: { rows: number; channels: number; eps: number },
  { weight, scale }: { weight?: ArrayLike<number>; scale?: ArrayLike<number> } = {},
): { dx: Float64Array; dScale: Float64Array; dShift: Float64Array } {
  const dx = new Float64Array(x.length);
  const dScale = new Float64Array(x.length);
  for (let row = 0; row < rows; row++) {
    const at = (c: number) => row * channels + c;
    const mean = (f: (c: number) => number) =>
      Array.from({ length: channels }, (_, c) => f(c)).reduce((sum, v) => sum + v, 0) / channels;
    const average = mean((c) => x[at(c)]!);
    const sigma = Math.sqrt(mean((c) => (x[at(c)]! - average) ** 2) + eps);
    const n = (c: number) => (x[at(c)]! - average) / sigma;
    const g = (c: number) => dy[at(c)]! * (1 + (scale?.[at(c)] ?? 0)) * (weight?.[c] ?? 1);
    const [meanG, meanGn] = [mean(g), mean((c) => g(c) * n(c))];
    for (let c = 0; c < channels; c++) {
      dx[at(c)] = (g(c) - meanG - n(c) * meanGn) / sigma;
      dScale[at(c)] = dy[at(c)]! * n(c);
    }
  }
  return { dx, dScale, dShift: Float64Array.from(dy) };
}
