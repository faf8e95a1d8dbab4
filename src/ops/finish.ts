import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import { note } from '../runtime/tape.js';
import type { Tensor } from '../runtime/tensor.js';
import { extent, reshape, sizeOf } from '../runtime/tensor.js';
import { channelSums } from './channel-sums.js';
import { scale } from './elementwise.js';
import type { Epilogue } from './epilogue.js';
import { epilogueBindings, epilogueParams } from './epilogue.js';
import { sumRows } from './sum-rows.js';

/**
 * What follows a picture kernel's sum, as operators of their own: with a tape adjoints need what lies between. First
 * the bias and FusedLeakyReLU, then the addend and its factor.
 *
 * @param v `[batch, outputs, height, width]`, already demodulated.
 */
export function finishInSteps(
  rec: Recorder,
  v: Tensor,
  { bias, leaky = false, addend, factor = 1 }: Epilogue,
  label: string,
): Tensor {
  const activated = bias || leaky ? biasActivation(rec, v, bias, leaky, label) : v;
  if (addend) return joinPictures(rec, activated, addend, factor, label);
  return factor === 1 ? activated : scale(rec, activated, factor, label);
}

/**
 * y = FusedLeakyReLU(v + bias), or v + bias. The slope is known from y, for the function keeps signs, so v is free as
 * soon as y is there; dv = slope·dy, dbias[o] = Σ_{n,p} dv.
 */
export function biasActivation(
  rec: Recorder,
  v: Tensor,
  bias: Tensor | undefined,
  leaky: boolean,
  label = 'biasActivation',
): Tensor {
  const y = launchEpilogue(rec, v, { bias, leaky }, label);
  note(rec, {
    operator: 'biasActivation',
    inputs: bias ? [v, bias] : [v],
    output: y,
    adjoint: ({ dy, wants, into, give }) => {
      const dv = leaky ? leakyAdjoint(rec, y, dy) : dy;
      if (bias && wants(bias)) {
        const db = into(bias, `d ${bias.label}`);
        sumRows(rec, channelSums(rec, dv), { outer: 1, rows: extent(v, 0) }, reshape(db, [extent(v, 1)]));
        give(bias, db);
      }
      give(v, dv);
    },
  });
  return y;
}

function leakyAdjoint(rec: Recorder, y: Tensor, dy: Tensor): Tensor {
  const count = sizeOf(y.shape);
  const dv = scratch(rec, `d ${y.label}`, y.shape);
  dispatch(rec, {
    kernel: 'fused_leaky_adjoint',
    params: { count },
    bindings: { y, dy, dv },
    workgroups: flatGrid(count, 64),
  });
  return dv;
}

/** y = (a + b)·factor, the end of a residual block: da = db = factor·dy. */
export function joinPictures(
  rec: Recorder,
  a: Tensor,
  b: Tensor,
  factor: number,
  label = 'joinPictures',
): Tensor {
  const y = launchEpilogue(rec, a, { addend: b, factor }, label);
  note(rec, {
    operator: 'joinPictures',
    inputs: [a, b],
    output: y,
    adjoint: ({ dy, give }) => {
      const d = factor === 1 ? dy : scale(rec, dy, factor);
      give(a, d);
      give(b, d);
    },
  });
  return y;
}

/** The join of a convolution in parts is its epilogue alone, when there is one part. */
function launchEpilogue(rec: Recorder, v: Tensor, epilogue: Epilogue, label: string): Tensor {
  const y = scratch(rec, label, v.shape);
  const count = sizeOf(v.shape);
  dispatch(rec, {
    kernel: 'conv2d_join',
    params: {
      count,
      outputs: extent(v, 1),
      plane: extent(v, 2) * extent(v, 3),
      splits: 1,
      ...epilogueParams('finish', epilogue, y),
    },
    bindings: { partial: v, ...epilogueBindings(epilogue), y },
    workgroups: flatGrid(count, 64),
  });
  return y;
}

/** The adjoint of leakyrelu(v, 0.2)·√2 by its result y, in float64. */
export function leakyAdjointReference(y: ArrayLike<number>, dy: ArrayLike<number>): Float64Array {
  return Float64Array.from(dy, (d, at) => d * (y[at]! > 0 ? 1 : 0.2) * Math.SQRT2);
}
