import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { describe, expectShape, extent, sizeOf } from '../runtime/tensor.js';
import type { Activation } from './activation.js';
import { activationCode, activationReference } from './activation.js';

export interface GroupNormOptions {
  readonly groups: number;
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly epsilon?: number;
  readonly activation?: Activation;
  readonly label?: string;
}

/** Frames in a block of the first step; the same number stands in the kernels. */
const blockFrames = 256;

/**
 * y = activation((x − mean)/√(variance + ε)·weight + bias), mean and biased variance over time and the channels of a
 * group: `torch.nn.functional.group_norm`, in sequence layout.
 *
 * Three kernels: moments of blocks of 256 frames, their merging, the scaling. A long clip is thus summed in levels, and
 * its variance from deviations.
 *
 * @param x `[B, T, C]`.
 * @param options groups divides C; weight and bias `[C]`; epsilon 1e-5 unless given.
 * @returns `[B, T, C]`.
 * @throws RangeError when shapes do not fit.
 */
export function groupNorm(rec: Recorder, x: Tensor, options: GroupNormOptions): Tensor {
  const { groups, weight, bias, epsilon = 1e-5, activation = 'none', label = 'groupNorm' } = options;
  expectShape('groupNorm', x, [-1, -1, -1]);
  const [batch, frames, channels] = [extent(x, 0), extent(x, 1), extent(x, 2)];
  expectShape('groupNorm', weight, [channels]);
  expectShape('groupNorm', bias, [channels]);
  if (channels % groups !== 0) {
    throw new RangeError(`groupNorm: the channels of ${describe(x)} cannot be cut into ${groups} groups`);
  }
  const blockCount = Math.ceil(frames / blockFrames);
  const blocks = scratch(rec, `${label} blocks`, [batch, blockCount, channels, 2]);
  dispatch(rec, {
    kernel: 'group_norm_moments',
    params: { frames, channels },
    bindings: { x, blocks },
    workgroups: [Math.ceil(channels / 64), blockCount, batch],
  });
  const moments = scratch(rec, `${label} moments`, [batch, groups, 2]);
  dispatch(rec, {
    kernel: 'group_norm_merge',
    params: { frames, channels, groups, blockCount, epsilon },
    bindings: { blocks, moments },
    workgroups: [groups, batch],
  });
  const y = scratch(rec, label, x.shape);
  const count = sizeOf(x.shape);
  dispatch(rec, {
    kernel: 'group_norm',
    constants: { ACTIVATION: activationCode[activation] },
    params: { frames, channels, groups, count },
    bindings: { x, moments, weight, bias, y },
    workgroups: flatGrid(count, 256),
  });
  return y;
}

/** The plain twin of `groupNorm`, in float64: x `[batch, frames, channels]`. */
export function groupNormReference(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  bias: ArrayLike<number>,
  size: { batch: number; frames: number; channels: number; groups: number },
  epsilon = 1e-5,
  activation: Activation = 'none',
): Float64Array {
  const { batch, frames, channels, groups } = size;
  const width = channels / groups;
  const y = new Float64Array(batch * frames * channels);
  for (let b = 0; b < batch; b++) {
    for (let g = 0; g < groups; g++) {
      const indices: number[] = [];
      for (let t = 0; t < frames; t++) {
        for (let c = 0; c < width; c++) indices.push((b * frames + t) * channels + g * width + c);
      }
      const mean = indices.reduce((sum, i) => sum + (x[i] ?? 0), 0) / indices.length;
      const variance = indices.reduce((sum, i) => sum + ((x[i] ?? 0) - mean) ** 2, 0) / indices.length;
      for (const i of indices) {
        const scaled = ((x[i] ?? 0) - mean) / Math.sqrt(variance + epsilon);
        const c = i % channels;
        y[i] = activationReference(activation, scaled * (weight[c] ?? 0) + (bias[c] ?? 0));
      }
    }
  }
  return y;
}
