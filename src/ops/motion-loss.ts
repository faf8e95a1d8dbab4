import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import { note } from '../runtime/tape.js';
import type { Gradients } from '../runtime/tape-notes.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent, sizeOf } from '../runtime/tensor.js';
import { sumRows } from './sum-rows.js';

export interface MotionLossOptions {
  /** Rows before it are left out: those of the preceding frames. Default 0. */
  readonly firstRow?: number;
  /** `absolute`: mean |e| (Eq. 10–12). `squared`: mean e² (Eq. 21–24). */
  readonly measure: 'absolute' | 'squared';
  /** λ of the difference itself and of its one-frame differences; 0 leaves a term out of the gradient. Default 1. */
  readonly mainWeight?: number;
  readonly velocityWeight?: number;
}

/**
 * The loss on motion (Eq. 10–12 and 21–24 of the paper). With e = v − u and Δe[n] = e[n+1] − e[n],
 *
 *     main = mean |e|,   velocity = mean |Δe|,   loss = mainWeight·main + velocityWeight·velocity
 *
 * A gradient begins here: `backward` gives v that of the loss.
 *
 * @param v what was predicted `[B, N, d]`.
 * @param u the target, of the same shape.
 * @returns main and velocity, `[2]`, without their weights.
 * @throws RangeError when shapes do not fit.
 */
export function motionLoss(rec: Recorder, v: Tensor, u: Tensor, options: MotionLossOptions): Tensor {
  const { firstRow = 0, measure, mainWeight = 1, velocityWeight = 1 } = options;
  expectShape('motionLoss', v, [-1, -1, -1]);
  expectShape('motionLoss', u, v.shape);
  const [batch, frames, width] = [extent(v, 0), extent(v, 1), extent(v, 2)];
  const rows = frames - firstRow;
  const count = sizeOf(v.shape);
  const sizes = { count, frames, width, firstRow, squared: measure === 'squared' ? 1 : 0 };
  const mainFactor = 1 / (batch * rows * width);
  const velocityFactor = rows > 1 ? 1 / (batch * (rows - 1) * width) : 0;
  const terms = scratch(rec, 'terms', [count, 2]);
  dispatch(rec, {
    kernel: 'motion_loss',
    params: { ...sizes, mainFactor, velocityFactor },
    bindings: { v, u, terms },
    workgroups: flatGrid(count, 64),
  });
  // In two steps, so that the sums are dealt out.
  const perRow = scratch(rec, 'terms of a row', [batch * frames, 2]);
  sumRows(rec, terms, { outer: batch * frames, rows: width }, perRow);
  const loss = scratch(rec, 'loss', [2]);
  sumRows(rec, perRow, { outer: 1, rows: batch * frames }, loss);
  const adjoint = ({ into, give }: Gradients) => {
    const dv = into(v, `d ${v.label}`);
    dispatch(rec, {
      kernel: 'motion_loss_adjoint',
      params: {
        ...sizes,
        mainFactor: mainWeight * mainFactor,
        velocityFactor: velocityWeight * velocityFactor,
      },
      bindings: { v, u, dv },
      workgroups: flatGrid(count, 64),
    });
    give(v, dv);
  };
  note(rec, { operator: 'motionLoss', inputs: [v], adjoint });
  return loss;
}

interface MotionSize {
  readonly batch: number;
  readonly frames: number;
  readonly width: number;
}

/** The plain twin of `motionLoss`, in float64: [main, velocity]. */
export function motionLossReference(
  v: ArrayLike<number>,
  u: ArrayLike<number>,
  { batch, frames, width }: MotionSize,
  { firstRow = 0, measure }: MotionLossOptions,
): [number, number] {
  const sums = [0, 0] as [number, number];
  const size = (e: number) => (measure === 'squared' ? e * e : Math.abs(e));
  const e = (at: number) => v[at]! - u[at]!;
  for (let at = 0; at < batch * frames * width; at++) {
    const frame = Math.floor(at / width) % frames;
    if (frame < firstRow) continue;
    sums[0] += size(e(at));
    if (frame + 1 < frames) sums[1] += size(e(at + width) - e(at));
  }
  const rows = frames - firstRow;
  return [sums[0] / (batch * rows * width), rows > 1 ? sums[1] / (batch * (rows - 1) * width) : 0];
}

/** ∂(mainWeight·main + velocityWeight·velocity)/∂v, in float64. Where |e| has no slope it is 0, as in PyTorch. */
export function motionLossAdjointReference(
  v: ArrayLike<number>,
  u: ArrayLike<number>,
  { batch, frames, width }: MotionSize,
  { firstRow = 0, measure, mainWeight = 1, velocityWeight = 1 }: MotionLossOptions,
): Float64Array {
  const rows = frames - firstRow;
  const [main, velocity] = [
    mainWeight / (batch * rows * width),
    rows > 1 ? velocityWeight / (batch * (rows - 1) * width) : 0,
  ];
  const slope = (e: number) => (measure === 'squared' ? 2 * e : Math.sign(e));
  const e = (at: number) => v[at]! - u[at]!;
  return Float64Array.from({ length: batch * frames * width }, (_, at) => {
    const frame = Math.floor(at / width) % frames;
    if (frame < firstRow) return 0;
    const before = frame > firstRow ? slope(e(at) - e(at - width)) : 0;
    const after = frame + 1 < frames ? slope(e(at + width) - e(at)) : 0;
    return main * slope(e(at)) + velocity * (before - after);
  });
}
