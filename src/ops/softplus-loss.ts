import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import { note } from '../runtime/tape.js';
import type { Tensor } from '../runtime/tensor.js';
import { sizeOf } from '../runtime/tensor.js';
import { sumRows } from './sum-rows.js';

/**
 * mean softplus(s·x): what a discriminator's logits say of pictures that shall be taken for real (s = −1) or for made
 * (s = 1). A gradient begins here: dx = weight·s·σ(s·x)/count.
 *
 * @param weight λ of the loss in the gradient.
 * @returns the mean, without its weight, `[1]`.
 */
export function softplusLoss(rec: Recorder, x: Tensor, s: 1 | -1, weight = 1): Tensor {
  const count = sizeOf(x.shape);
  const [terms, dx] = [scratch(rec, 'terms', [count]), scratch(rec, `d ${x.label}`, x.shape)];
  dispatch(rec, {
    kernel: 'softplus_loss',
    params: { count, s, factor: 1 / count, slope: weight / count },
    bindings: { x, terms, dx },
    workgroups: flatGrid(count, 64),
  });
  const loss = scratch(rec, 'loss', [1]);
  sumRows(rec, terms, { outer: 1, rows: count }, loss);
  note(rec, { operator: 'softplusLoss', inputs: [x], adjoint: ({ give }) => give(x, dx) });
  return loss;
}

/** softplus and its slope, in float64. */
export function softplusReference(v: number): { value: number; slope: number } {
  return { value: Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v))), slope: 1 / (1 + Math.exp(-v)) };
}
