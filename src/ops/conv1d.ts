import type { Dispatch } from '../runtime/launch.js';
import type { Recorder } from '../runtime/recorder.js';
import { dispatch, scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { describe, expectShape, extent } from '../runtime/tensor.js';
import type { Activation } from './activation.js';
import { activationCode, activationReference } from './activation.js';
import { dispatchInParts } from './splits.js';

export interface Conv1dOptions {
  readonly bias?: Tensor | undefined;
  /** Frames between one window and the next. */
  readonly stride?: number;
  /** Frames of zeros before the first. */
  readonly padding?: number;
  /** Output frames; by default as many as with `padding` zeros after the last frame too. */
  readonly outFrames?: number;
  readonly groups?: number;
  readonly activation?: Activation;
  /** Added to what is activated; the shape of y. */
  readonly residual?: Tensor | undefined;
  readonly label?: string;
}

/**
 * y[t,o] = residual[t,o] + activation(Σ_{j,c} w[o,j,c]·x[t·stride + j − padding, c] + b[o]):
 * `torch.nn.functional.conv1d`, in sequence layout. There a window of x lies in memory in one piece, LayerNorm over
 * channels is one over the last axis, and attention takes the result as it is; PyTorch's [B,C,T] would need transposing
 * twice.
 *
 * @param x `[B, T, Cin]`; zeros are assumed outside.
 * @param weight `[Cout, taps, Cin/groups]`: PyTorch's `[Cout, Cin/groups, taps]` with the last two axes swapped
 *   (`tapsBeforeChannels`).
 * @param options bias `[Cout]`. `outFrames` may be less than the padding allows (the position convolution drops its
 *   last frame).
 * @returns `[B, outFrames, Cout]`, by default ⌊(T + 2·padding − taps)/stride⌋ + 1 frames.
 * @throws RangeError when shapes do not fit, or x is shorter than a window.
 */
export function conv1d(rec: Recorder, x: Tensor, weight: Tensor, options: Conv1dOptions = {}): Tensor {
  const { bias, stride = 1, padding = 0, groups = 1, activation = 'none', residual } = options;
  expectShape('conv1d', x, [-1, -1, -1]);
  const [batch, frames, channels] = [extent(x, 0), extent(x, 1), extent(x, 2)];
  expectShape('conv1d', weight, [-1, -1, channels / groups]);
  const [outChannels, taps] = [extent(weight, 0), extent(weight, 1)];
  if (outChannels % groups !== 0) {
    throw new RangeError(`conv1d: ${describe(weight)} cannot be cut into ${groups} groups`);
  }
  if (bias) expectShape('conv1d', bias, [outChannels]);
  const most = Math.floor((frames + 2 * padding - taps) / stride) + 1;
  const outFrames = options.outFrames ?? most;
  if (outFrames < 1 || outFrames > most) {
    throw new RangeError(
      `conv1d: ${describe(x)} gives ${most} frames with ${describe(weight)}, not ${outFrames}`,
    );
  }
  const y = scratch(rec, options.label ?? 'conv1d', [batch, outFrames, outChannels]);
  if (residual) expectShape('conv1d', residual, y.shape);
  const subgroup = rec.gpu.tuning.product === 'subgroup' && (channels / groups) % 4 === 0;
  const launch: Omit<Dispatch, 'workgroups'> = {
    kernel: subgroup ? 'conv1d_subgroup' : 'conv1d',
    constants: { ACTIVATION: activationCode[activation] },
    params: {
      ...{ frames, channels, outFrames, outChannels, taps, stride, padding, groups },
      hasBias: bias ? 1 : 0,
      ...{ hasGate: 0, gateWidth: 0, gateOffset: 0, hasResidual: residual ? 1 : 0 },
    },
    bindings: { x, w: weight, bias, gate: undefined, residual, y },
  };
  const outputs = outChannels / groups;
  if (subgroup) {
    dispatch(rec, {
      ...launch,
      workgroups: [Math.ceil(outputs / 12), Math.ceil(outFrames / 32), batch * groups],
    });
  } else {
    dispatchInParts(rec, launch, Math.ceil((taps * (channels / groups)) / 16), (splits) => [
      splits * Math.ceil(outputs / 64),
      Math.ceil(outFrames / 64),
      batch * groups,
    ]);
  }
  return y;
}

/** `[outputs, inputs, taps]`, as PyTorch stores a convolution's weight, to `[outputs, taps, inputs]`. */
export function tapsBeforeChannels(
  weight: ArrayLike<number>,
  { outputs, inputs, taps }: { outputs: number; inputs: number; taps: number },
): Float32Array<ArrayBuffer> {
  const result = new Float32Array(outputs * inputs * taps);
  for (let o = 0; o < outputs; o++) {
    for (let c = 0; c < inputs; c++) {
      for (let j = 0; j < taps; j++) {
        result[(o * taps + j) * inputs + c] = weight[(o * inputs + c) * taps + j] ?? 0;
      }
    }
  }
  return result;
}

export interface Conv1dSize {
  readonly batch: number;
  readonly frames: number;
  readonly channels: number;
  readonly outFrames: number;
  readonly outChannels: number;
  readonly taps: number;
  readonly stride: number;
  readonly padding: number;
  readonly groups: number;
}

/** The plain twin of `conv1d`, in float64, with PyTorch's weight layout: weight `[Cout, Cin/groups, taps]`. */
export function conv1dReference(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  bias: ArrayLike<number> | undefined,
  size: Conv1dSize,
  activation: Activation = 'none',
): Float64Array {
  const { batch, frames, channels, outFrames, outChannels, taps, stride, padding, groups } = size;
  const inputs = channels / groups;
  const y = new Float64Array(batch * outFrames * outChannels);
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < outFrames; t++) {
      for (let o = 0; o < outChannels; o++) {
        const firstChannel = Math.floor(o / (outChannels / groups)) * inputs;
        let sum = bias?.[o] ?? 0;
        for (let j = 0; j < taps; j++) {
          const frame = t * stride + j - padding;
          const outside = frame < 0 || frame >= frames; // zeros, which 0·∞ makes NaN, as in PyTorch
          for (let c = 0; c < inputs; c++) {
            const value = outside ? 0 : (x[(b * frames + frame) * channels + firstChannel + c] ?? 0);
            sum += (weight[(o * inputs + c) * taps + j] ?? 0) * value;
          }
        }
        y[(b * outFrames + t) * outChannels + o] = activationReference(activation, sum);
      }
    }
  }
  return y;
}
