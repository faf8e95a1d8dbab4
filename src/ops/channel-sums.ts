import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent, sizeOf } from '../runtime/tensor.js';

/**
 * s[n,c] = Σ over the picture of a·b / divisor[n,c], in an order that does not change from run to run: the gradient
 * of a factor that a whole channel has, or of what is added to all of it.
 *
 * @param a `[batch, channels, height, width]`, or any shape of which the first two axes are kept.
 * @param options b of the shape of a, 1 if not given; divisor `[batch, channels]`, 1 if not given.
 * @returns `[batch, channels]`.
 */
export function channelSums(
  rec: Recorder,
  a: Tensor,
  { b, divisor }: { readonly b?: Tensor | undefined; readonly divisor?: Tensor | undefined } = {},
  label = 'channelSums',
): Tensor {
  const shape = [extent(a, 0), extent(a, 1)];
  if (b) expectShape('channelSums', b, a.shape);
  if (divisor) expectShape('channelSums', divisor, shape);
  const s = scratch(rec, label, shape);
  const channels = sizeOf(shape);
  dispatch(rec, {
    kernel: 'channel_sums',
    params: { channels, plane: sizeOf(a.shape) / channels, hasB: b ? 1 : 0, hasDivisor: divisor ? 1 : 0 },
    bindings: { a, b, divisor, s },
    workgroups: flatGrid(channels, 1),
  });
  return s;
}

/** The plain twin of `channelSums`, in float64. */
export function channelSumsReference(
  a: ArrayLike<number>,
  channels: number,
  { b, divisor }: { b?: ArrayLike<number> | undefined; divisor?: ArrayLike<number> | undefined } = {},
): Float64Array {
  const plane = a.length / channels;
  return Float64Array.from({ length: channels }, (_, c) => {
    let sum = 0;
    for (let at = c * plane; at < (c + 1) * plane; at++) sum += a[at]! * (b?.[at] ?? 1);
    return sum / (divisor?.[c] ?? 1);
  });
}
