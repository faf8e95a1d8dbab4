import type { Recorder } from '../runtime/recorder.js';
import { dispatch, scratch } from '../runtime/recorder.js';
import { note } from '../runtime/tape.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent, sizeOf } from '../runtime/tensor.js';

/** The most samples that are compared with each other. */
const mostMembers = 4;

/**
 * StyleGAN2's minibatch standard deviation, one feature: how much the samples of a group differ, the mean over all
 * features, as a picture of one channel. Groups have min(batch, 4) members, batch/members apart.
 *
 * With σ_e = √(mean_g (x_e − mean)² + 10⁻⁸) and y = mean_e σ_e: dx_e = Σ dy · (x_e − mean)/(members·features·σ_e), for
 * what the mean takes back sums to zero.
 *
 * @param x `[batch, channels, height, width]`, batch at most 4 or a multiple of 4.
 * @returns `[batch, 1, height, width]`.
 * @throws RangeError for another batch.
 */
export function minibatchDeviation(rec: Recorder, x: Tensor): Tensor {
  expectShape('minibatchDeviation', x, [-1, -1, -1, -1]);
  const batch = extent(x, 0);
  const members = Math.min(batch, mostMembers);
  const groups = batch / members;
  if (!Number.isInteger(groups)) {
    throw new RangeError(`minibatchDeviation: a batch of ${batch}, expected at most 4 or a multiple of 4`);
  }
  const plane = extent(x, 2) * extent(x, 3);
  const params = { members, groups, features: sizeOf(x.shape) / batch, plane };
  const y = scratch(rec, 'deviation', [batch, 1, extent(x, 2), extent(x, 3)]);
  const launch = (FORWARD: 0 | 1, dy: Tensor | undefined, made: Tensor) =>
    dispatch(rec, {
      kernel: 'minibatch_deviation',
      constants: { FORWARD },
      params,
      bindings: { x, dy, made },
      workgroups: [groups],
    });
  launch(1, undefined, y);
  note(rec, {
    operator: 'minibatchDeviation',
    inputs: [x],
    output: y,
    adjoint: ({ dy, give }) => {
      const dx = scratch(rec, `d ${x.label}`, x.shape);
      launch(0, dy, dx);
      give(x, dx);
    },
  });
  return y;
}

/** The plain twin, in float64: x `[batch, features]`; for each sample the value that fills its picture. */
export function minibatchDeviationReference(x: ArrayLike<number>, batch: number): Float64Array {
  const moments = groupMoments(x, batch);
  const features = x.length / batch;
  return Float64Array.from({ length: batch }, (_, n) => {
    let sum = 0;
    for (let e = 0; e < features; e++) sum += moments(n, e).deviation;
    return sum / features;
  });
}

/** The adjoint in float64: dy `[batch]`, the gradient of each sample's value. */
export function minibatchDeviationAdjointReference(
  x: ArrayLike<number>,
  batch: number,
  dy: ArrayLike<number>,
): Float64Array {
  const [members, features] = [Math.min(batch, mostMembers), x.length / batch];
  const moments = groupMoments(x, batch);
  return Float64Array.from(x, (value, at) => {
    const n = Math.floor(at / features);
    const groups = batch / members;
    let given = 0;
    for (let g = 0; g < members; g++) given += dy[g * groups + (n % groups)]!;
    const { mean, deviation } = moments(n, at % features);
    return (given * (value - mean)) / (members * features * deviation);
  });
}

function groupMoments(x: ArrayLike<number>, batch: number) {
  const members = Math.min(batch, mostMembers);
  const [groups, features] = [batch / members, x.length / batch];
  return (n: number, e: number) => {
    const own = Array.from({ length: members }, (_, g) => x[(g * groups + (n % groups)) * features + e]!);
    const mean = own.reduce((sum, value) => sum + value, 0) / members;
    const variance = own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / members;
    return { mean, deviation: Math.sqrt(variance + 1e-8) };
  };
}
