import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import { note } from '../runtime/tape.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent, sizeOf } from '../runtime/tensor.js';
import { sumRows } from './sum-rows.js';

export interface AbsoluteLossOptions {
  /** How much each position counts in the mapped sum, `[batch, plane]`: a mask over its sum, say. */
  readonly map?: Tensor | undefined;
  /** λ of the plain mean and of the mapped one; 0 leaves a term out of the gradient. Default 1 and 0. */
  readonly plain?: number;
  readonly mapped?: number;
}

/**
 * How far two pictures are apart, plainly and by a map (L1, the perceptual and the facial component loss, Eq. 15):
 *
 *     mean |a − b|,   Σ_{n,c,p} map[n,p]·|a − b|/channels
 *
 * A gradient begins here: `backward` gives a the slope of plain·first + mapped·second, sign(a − b)·(plain/count +
 * mapped·map/channels).
 *
 * @param a `[batch, channels, …]`.
 * @param b the target, of the same shape; it gets no gradient.
 * @returns both, without their λ, `[2]`; the second is 0 without a map.
 * @throws RangeError when shapes do not fit.
 */
export function absoluteLoss(rec: Recorder, a: Tensor, b: Tensor, options: AbsoluteLossOptions = {}): Tensor {
  const { map, plain = 1, mapped = 0 } = options;
  expectShape('absoluteLoss', b, a.shape);
  const [batch, channels, count] = [extent(a, 0), extent(a, 1), sizeOf(a.shape)];
  const plane = count / (batch * channels);
  if (map) expectShape('absoluteLoss', { ...map, shape: [sizeOf(map.shape)] }, [batch * plane]);
  const hasMap = map ? 1 : 0;
  const sums = scratch(rec, 'sums', [batch * channels, 2]);
  dispatch(rec, {
    kernel: 'absolute_loss',
    params: { batch, channels, plane, hasMap, plainFactor: 1 / count, mappedFactor: 1 / channels },
    bindings: { a, b, map, sums },
    workgroups: flatGrid(batch * channels, 1),
  });
  const loss = scratch(rec, 'loss', [2]);
  sumRows(rec, sums, { outer: 1, rows: batch * channels }, loss);
  note(rec, {
    operator: 'absoluteLoss',
    inputs: [a],
    adjoint: ({ give }) => {
      const da = scratch(rec, `d ${a.label}`, a.shape);
      const slopes = { plain: plain / count, mapped: mapped / channels };
      dispatch(rec, {
        kernel: 'absolute_loss_adjoint',
        params: { count, channels, plane, hasMap, ...slopes },
        bindings: { a, b, map, da },
        workgroups: flatGrid(count, 64),
      });
      give(a, da);
    },
  });
  return loss;
}

interface AbsoluteSize {
  readonly batch: number;
  readonly channels: number;
  readonly map?: ArrayLike<number> | undefined;
}

/** The plain twin of `absoluteLoss`, in float64. */
export function absoluteLossReference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  { batch, channels, map }: AbsoluteSize,
): [number, number] {
  const plane = a.length / (batch * channels);
  const sums = [0, 0] as [number, number];
  for (let at = 0; at < a.length; at++) {
    const position = Math.floor(at / (plane * channels)) * plane + (at % plane);
    const size = Math.abs(a[at]! - b[at]!);
    sums[0] += size / a.length;
    sums[1] += (size * (map?.[position] ?? 0)) / channels;
  }
  return sums;
}

/** ∂(plain·first + mapped·second)/∂a, in float64. */
export function absoluteLossAdjointReference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  { batch, channels, map }: AbsoluteSize,
  { plain = 1, mapped = 0 }: AbsoluteLossOptions,
): Float64Array {
  const plane = a.length / (batch * channels);
  return Float64Array.from(a, (value, at) => {
    const position = Math.floor(at / (plane * channels)) * plane + (at % plane);
    return Math.sign(value - b[at]!) * (plain / a.length + (mapped * (map?.[position] ?? 0)) / channels);
  });
}
