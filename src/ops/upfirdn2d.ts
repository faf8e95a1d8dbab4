import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import { note, reaches } from '../runtime/tape.js';
import type { Tensor } from '../runtime/tensor.js';
import { extent } from '../runtime/tensor.js';
import type { Epilogue, EpilogueReference } from './epilogue.js';
import { epilogueBindings, epilogueParams, epilogueReference } from './epilogue.js';
import { finishInSteps } from './finish.js';

export interface ResamplingSize {
  /** Each sample is followed by up − 1 zeros; 1 if not given. */
  readonly up?: number;
  /** Every down-th result is kept; 1 if not given. */
  readonly down?: number;
  /** Zeros before and after both axes, counted after zero insertion. */
  readonly pad: readonly [number, number];
  /** Multiplies the kernel; 1 if not given. */
  readonly gain?: number;
}

export interface ResamplingOptions extends ResamplingSize, Epilogue {
  readonly label?: string;
}

function outSize(size: number, { up = 1, down = 1, pad }: ResamplingSize): number {
  return Math.floor((size * up + pad[0] + pad[1] - 4) / down) + 1;
}

/**
 * StyleGAN2's `upfirdn2d` with the blur kernel [1,3,3,1]⊗[1,3,3,1]/64 · gain, then the epilogue (Sec. 1 of
 * docs/model.md): inserts zeros, pads, convolves, keeps every down-th sample.
 *
 * - Blur: `{pad}`, with gain 4 behind a transposed convolution.
 * - Upsample: `{up: 2, gain: 4, pad: [2, 1]}`.
 *
 * @param x `[batch, channels, height, width]`, f32 or f16, and so are y and the addend.
 * @returns `[batch, channels, outHeight, outWidth]`, outHeight = ⌊(height·up + pad₀ + pad₁ − 4)/down⌋ + 1.
 * @throws RangeError when shapes do not fit.
 */
export function upfirdn2d(rec: Recorder, x: Tensor, options: ResamplingOptions): Tensor {
  const { up, down, pad, gain, label = 'upfirdn2d', scale, ...epilogue } = options;
  if (!reaches(rec, [x, scale, epilogue.bias, epilogue.addend])) return resample(rec, x, options);
  if (scale) throw new RangeError('upfirdn2d: no adjoint with a scale');
  const size = { pad, ...(up && { up }), ...(down && { down }), ...(gain && { gain }) };
  const v = resample(rec, x, { ...size, label });
  note(rec, {
    operator: 'upfirdn2d',
    inputs: [x],
    output: v,
    adjoint: ({ dy, give }) =>
      give(x, resample(rec, dy, { ...adjointSize(x, v, size), label: `d ${x.label}` })),
  });
  return finishInSteps(rec, v, epilogue, label);
}

/**
 * The adjoint of a resampling is one with `up` and `down` exchanged, for the kernel is symmetric: output Y takes
 * u[Y·down + k − p₀], where u[r·up] = x[r], so x[r] goes to the Y with r·up = Y·down + k − p₀, by k, the same as 3 − k:
 * Y·down = r·up + (3 − k) − (3 − p₀). The zeros behind make the size that of x.
 */
function adjointSize(
  x: Tensor,
  y: Tensor,
  { up = 1, down = 1, pad, gain = 1 }: ResamplingSize,
): ResamplingSize {
  const behind = [2, 3].map((axis) => extent(x, axis) * up - extent(y, axis) * down + pad[0] - up + 1);
  if (behind[0] !== behind[1]) {
    throw new RangeError(`upfirdn2d: no adjoint for ${x.shape.join('×')}, whose axes end differently`);
  }
  return { up: down, down: up, pad: [3 - pad[0], behind[0]!], gain };
}

function resample(rec: Recorder, x: Tensor, options: ResamplingOptions): Tensor {
  const { up = 1, down = 1, pad, gain = 1, label = 'upfirdn2d' } = options;
  const batch = extent(x, 0);
  const outputs = extent(x, 1);
  const [height, width] = [extent(x, 2), extent(x, 3)];
  const [outHeight, outWidth] = [outSize(height, options), outSize(width, options)];
  const y = scratch(rec, label, [batch, outputs, outHeight, outWidth], x.precision);
  dispatch(rec, {
    kernel: 'upfirdn2d',
    constants: { UP: up, DOWN: down },
    params: {
      channels: batch * outputs,
      outputs,
      height,
      width,
      outHeight,
      outWidth,
      pad: pad[0],
      gain,
      ...epilogueParams('upfirdn2d', options, y),
    },
    bindings: { x, ...epilogueBindings(options), y },
    workgroups: flatGrid(batch * outputs * Math.ceil(outHeight / 4) * outWidth, 64),
  });
  return y;
}

/** The plain twin of `upfirdn2d`, in float64: x `[batch, outputs, height, width]`. */
export function upfirdn2dReference(
  x: ArrayLike<number>,
  size: ResamplingSize &
    EpilogueReference & { batch: number; outputs: number; height: number; width: number },
): Float64Array {
  const { batch, outputs, height, width, up = 1, down = 1, pad, gain = 1 } = size;
  const kernel = [1, 3, 3, 1].map((tap) => tap / 8);
  const [outHeight, outWidth] = [outSize(height, size), outSize(width, size)];
  /** The sample that the zero-inserted, padded row or column holds at `at`, if any. */
  const source = (at: number, extent: number) => {
    const index = (at - pad[0]) / up;
    return Number.isInteger(index) && index >= 0 && index < extent ? index : undefined;
  };
  const y = new Float64Array(batch * outputs * outHeight * outWidth);
  for (let at = 0; at < y.length; at++) {
    const X = at % outWidth;
    const Y = Math.floor(at / outWidth) % outHeight;
    const channel = Math.floor(at / (outWidth * outHeight));
    let sum = 0;
    for (let ky = 0; ky < 4; ky++) {
      for (let kx = 0; kx < 4; kx++) {
        const row = source(Y * down + ky, height);
        const column = source(X * down + kx, width);
        if (row === undefined || column === undefined) continue;
        sum += kernel[ky]! * kernel[kx]! * x[(channel * height + row) * width + column]!;
      }
    }
    y[at] = gain * sum;
  }
  return epilogueReference(y, outputs, outHeight * outWidth, size);
}

/** The adjoint of `upfirdn2dReference` without an epilogue, in float64: each term backwards. */
export function upfirdn2dAdjointReference(
  dy: ArrayLike<number>,
  size: ResamplingSize & { batch: number; outputs: number; height: number; width: number },
): Float64Array {
  const { batch, outputs, height, width, up = 1, down = 1, pad, gain = 1 } = size;
  const kernel = [1, 3, 3, 1].map((tap) => tap / 8);
  const [outHeight, outWidth] = [outSize(height, size), outSize(width, size)];
  const dx = new Float64Array(batch * outputs * height * width);
  for (let at = 0; at < dy.length * 16; at++) {
    const [ky, kx, to] = [Math.floor(at / 4) % 4, at % 4, Math.floor(at / 16)];
    const row = ((Math.floor(to / outWidth) % outHeight) * down + ky - pad[0]) / up;
    const column = ((to % outWidth) * down + kx - pad[0]) / up;
    if (!Number.isInteger(row) || !Number.isInteger(column)) continue;
    if (row < 0 || row >= height || column < 0 || column >= width) continue;
    const channel = Math.floor(to / (outWidth * outHeight));
    dx[(channel * height + row) * width + column]! += gain * kernel[ky]! * kernel[kx]! * dy[to]!;
  }
  return dx;
}
