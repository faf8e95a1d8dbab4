import { depthwiseConv2d } from '../ops/depthwise-conv2d.js';
import type { Recorder } from '../runtime/recorder.js';
import { constant } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { extent } from '../runtime/tensor.js';

/**
 * A picture made smaller without aliasing: Gaussian blur of σ = (factor − 1)/2 over 2·round(4σ) + 1 taps, zeros outside,
 * then every factor-th pixel.
 *
 * @param x `[batch, channels, height, width]`.
 * @returns `[batch, channels, ⌈height/factor⌉, ⌈width/factor⌉]`.
 */
export function shrinkPicture(rec: Recorder, x: Tensor, factor: number): Tensor {
  if (factor === 1) return x;
  const taps = gaussianTaps(factor);
  const channels = extent(x, 1);
  const plane = taps.flatMap((a) => taps.map((b) => a * b));
  const weight = Float32Array.from({ length: channels * plane.length }, (_, at) => plane[at % plane.length]!);
  const padding = (taps.length - 1) / 2;
  return depthwiseConv2d(rec, x, constant(rec, 'Gaussian', [channels, taps.length, taps.length], weight), {
    stride: factor,
    padding: [padding, padding],
    label: `1/${factor}`,
  });
}

/** The taps of the blur on one axis; their sum is 1. */
export function gaussianTaps(factor: number): number[] {
  const sigma = (factor - 1) / 2;
  const reach = Math.round(4 * sigma);
  const taps = Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * sigma ** 2)),
  );
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => tap / sum);
}
