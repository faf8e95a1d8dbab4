import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import { note } from '../runtime/tape.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent, sizeOf } from '../runtime/tensor.js';

export interface DepthwiseOptions {
  /** `[channels]`. */
  readonly bias?: Tensor | undefined;
  /** 1 if not given. */
  readonly stride?: number;
  /** Zeros [above and left, below and right] of x; none if not given. TensorFlow's `SAME` is not always symmetric. */
  readonly padding?: readonly [number, number];
  readonly label?: string;
}

/**
 * Each channel convolved with its own square kernel: `torch.nn.functional.conv2d(groups=channels)`. With a tape x gets
 * its gradient, dx[r] = Σ w[k]·dy[(r + pad − k)/stride] over the taps k that divide; weight and bias are constants.
 *
 * @param x `[batch, channels, height, width]`.
 * @param weight `[channels, kernel, kernel]`.
 * @returns `[batch, channels, outHeight, outWidth]`, outHeight = ⌊(height + padding − kernel)/stride⌋ + 1.
 * @throws RangeError when shapes do not fit.
 */
export function depthwiseConv2d(
  rec: Recorder,
  x: Tensor,
  weight: Tensor,
  options: DepthwiseOptions = {},
): Tensor {
  const { bias, stride = 1, padding = [0, 0], label = 'depthwiseConv2d' } = options;
  expectShape('depthwiseConv2d', x, [-1, -1, -1, -1]);
  const [batch, channels, height, width] = [extent(x, 0), extent(x, 1), extent(x, 2), extent(x, 3)];
  const kernel = extent(weight, weight.shape.length - 1);
  expectShape('depthwiseConv2d', weight, [channels, kernel, kernel]);
  if (bias) expectShape('depthwiseConv2d', bias, [channels]);
  const outSize = (size: number) => Math.floor((size + padding[0] + padding[1] - kernel) / stride) + 1;
  const y = scratch(rec, label, [batch, channels, outSize(height), outSize(width)]);
  const params = {
    planes: batch * channels,
    channels,
    height,
    width,
    outHeight: outSize(height),
    outWidth: outSize(width),
    kernel,
    stride,
    pad: padding[0],
  };
  dispatch(rec, {
    kernel: 'depthwise_conv2d',
    params: { ...params, hasBias: bias ? 1 : 0 },
    bindings: { x, w: weight, bias: bias ?? weight, y },
    workgroups: flatGrid(sizeOf(y.shape), 64),
  });
  note(rec, {
    operator: 'depthwiseConv2d',
    inputs: [x],
    output: y,
    adjoint: ({ dy, give }) => {
      const dx = scratch(rec, `d ${x.label}`, x.shape);
      dispatch(rec, {
        kernel: 'depthwise_conv2d_adjoint',
        params,
        bindings: { w: weight, dy, dx },
        workgroups: flatGrid(sizeOf(x.shape), 64),
      });
      give(x, dx);
    },
  });
  return y;
}

export interface DepthwiseReference {
  readonly batch: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: readonly [number, number];
}

/** The plain twin of `depthwiseConv2d`, in float64. */
export function depthwiseConv2dReference(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  bias: ArrayLike<number> | undefined,
  { batch, channels, height, width, kernel, stride, padding }: DepthwiseReference,
): Float64Array {
  const outSize = (size: number) => Math.floor((size + padding[0] + padding[1] - kernel) / stride) + 1;
  const [outHeight, outWidth] = [outSize(height), outSize(width)];
  return Float64Array.from({ length: batch * channels * outHeight * outWidth }, (_, at) => {
    const plane = Math.floor(at / (outHeight * outWidth));
    const c = plane % channels;
    let sum = bias?.[c] ?? 0;
    for (let tap = 0; tap < kernel ** 2; tap++) {
      const row = (Math.floor(at / outWidth) % outHeight) * stride + Math.floor(tap / kernel) - padding[0];
      const column = (at % outWidth) * stride + (tap % kernel) - padding[0];
      if (row < 0 || row >= height || column < 0 || column >= width) continue;
      sum += weight[c * kernel ** 2 + tap]! * x[(plane * height + row) * width + column]!;
    }
    return sum;
  });
}

/** The adjoint of `depthwiseConv2dReference` in x, in float64: each term backwards. */
export function depthwiseConv2dAdjointReference(
  weight: ArrayLike<number>,
  dy: ArrayLike<number>,
  { batch, channels, height, width, kernel, stride, padding }: DepthwiseReference,
): Float64Array {
  const outSize = (size: number) => Math.floor((size + padding[0] + padding[1] - kernel) / stride) + 1;
  const [outHeight, outWidth] = [outSize(height), outSize(width)];
  const dx = new Float64Array(batch * channels * height * width);
  for (let at = 0; at < dy.length * kernel ** 2; at++) {
    const [to, tap] = [Math.floor(at / kernel ** 2), at % kernel ** 2];
    const plane = Math.floor(to / (outHeight * outWidth));
    const row = (Math.floor(to / outWidth) % outHeight) * stride + Math.floor(tap / kernel) - padding[0];
    const column = (to % outWidth) * stride + (tap % kernel) - padding[0];
    if (row < 0 || row >= height || column < 0 || column >= width) continue;
    dx[(plane * height + row) * width + column]! += weight[(plane % channels) * kernel ** 2 + tap]! * dy[to]!;
  }
  return dx;
}
