import { add } from '../ops/elementwise.js';
import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, input, scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { sizeOf } from '../runtime/tensor.js';
import type { FlatParameters } from './flat-parameters.js';

/** Adam's settings, with the names and defaults of `torch.optim.Adam`. */
export interface AdamSettings {
  /** Learning rate. */
  readonly rate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  /** The largest length of all gradients together; longer ones are scaled down to it. None if not given. */
  readonly maxNorm?: number | undefined;
}

/** Name of the plan's input that holds `adamControl`. */
export const adamInput = 'adam';

const pieces = 256;

/**
 * Records the length of all gradients and one Adam step (adam.wgsl): `clip_grad_norm_` and `optimizer.step()`.
 *
 * @returns the length before clipping, `[1]`.
 */
export function recordAdam(rec: Recorder, { parts }: FlatParameters): Tensor {
  const control = input(rec, adamInput, [8]);
  const squares = parts.map(({ gradient }, i) => {
    const partial = scratch(rec, `squares ${i}`, [pieces]);
    const count = sizeOf(gradient.shape);
    dispatch(rec, {
      kernel: 'sum_squares',
      params: { count, piece: Math.ceil(count / pieces) },
      bindings: { x: gradient, partial },
      workgroups: [pieces],
    });
    return partial;
  });
  const norm = recordNorm(rec, squares);
  for (const { value, gradient, m, v } of parts) {
    const count = sizeOf(value.shape);
    dispatch(rec, {
      kernel: 'adam',
      params: { count },
      bindings: { control, norm, gradient, value, m, v },
      workgroups: flatGrid(count, 64),
    });
  }
  return norm;
}

function recordNorm(rec: Recorder, squares: readonly Tensor[]): Tensor {
  const norm = scratch(rec, 'gradient norm', [1]);
  const [first, ...rest] = squares;
  if (!first) throw new Error('adam: there are no parameters');
  const partial = rest.reduce((sum, more) => add(rec, sum, more, 'squares'), first);
  dispatch(rec, {
    kernel: 'gradient_norm',
    params: { count: pieces },
    bindings: { partial, norm },
    workgroups: [1],
  });
  return norm;
}

/** What adam.wgsl reads of step t = 1, 2, …: rates and bias corrections, computed in float64. */
export function adamControl(
  { rate, beta1, beta2, eps, maxNorm = 0 }: AdamSettings,
  t: number,
): Float32Array<ArrayBuffer> {
  const corrected = rate / (1 - beta1 ** t);
  return Float32Array.of(corrected, Math.sqrt(1 - beta2 ** t), 1 - beta1, 1 - beta2, eps, maxNorm, 0, 0);
}

/**
 * The plain twin, in float64, in place: one step from the gradient as it is (`norm` is that of all gradients together).
 */
export function adamReference(
  state: { value: Float64Array; m: Float64Array; v: Float64Array },
  gradient: ArrayLike<number>,
  { rate, beta1, beta2, eps, maxNorm }: AdamSettings,
  t: number,
  norm: number,
): void {
  const clip = maxNorm ? Math.min(1, maxNorm / (norm + 1e-6)) : 1;
  const { value, m, v } = state;
  for (let i = 0; i < value.length; i++) {
    const g = gradient[i]! * clip;
    m[i] = beta1 * m[i]! + (1 - beta1) * g;
    v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
    const root = Math.sqrt(v[i]!) / Math.sqrt(1 - beta2 ** t);
    value[i]! -= ((rate / (1 - beta1 ** t)) * m[i]!) / (root + eps);
  }
}
