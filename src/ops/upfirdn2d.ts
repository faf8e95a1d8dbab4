import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { extent } from '../runtime/tensor.js';
import type { Epilogue, EpilogueReference } from './epilogue.js';
import { epilogueBindings, epilogueParams, epilogueReference } from './epilogue.js';

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
