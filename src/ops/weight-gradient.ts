import type { Recorder } from '../runtime/recorder.js';
import { dispatch, scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { extent, sizeOf } from '../runtime/tensor.js';
import { chooseSplits } from './splits.js';
import { sumRows } from './sum-rows.js';

/** One of the two pictures whose products are summed. */
export interface GradientFactor {
  /** `[batch, channels, height, width]`. */
  readonly x: Tensor;
  /** `[batch, channels]`, factors of the channels. */
  readonly scale?: Tensor | undefined;
}

/**
 * The gradient of a packed weight, from what the convolution read and the gradient of what it made
 * (weight_gradient.wgsl):
 *
 *     dW[k,i,o] = Σ_{n,Y,X} inScale·x[n,i, Y·stride+ky−pad, X·stride+kx−pad] · outScale·dy[n,o,Y,X]
 *
 * and of a transposed one, in which x and dy change places, Σ inScale·x[n,i,v,u] · outScale·dy[n,o,2v+ky,2u+kx].
 *
 * @param y where to write: `[taps, inputs, outputs rounded up to 4]`, whole.
 */
export function weightGradient(
  rec: Recorder,
  input: GradientFactor,
  dy: GradientFactor,
  y: Tensor,
  {
    kernel,
    stride,
    pad,
    transposed,
  }: {
    readonly kernel: number;
    readonly stride: number;
    readonly pad: number;
    readonly transposed: boolean;
  },
): void {
  const [u, v] = transposed ? [input, dy] : [dy, input];
  const [batch, height, width] = [extent(u.x, 0), extent(u.x, 2), extent(u.x, 3)];
  const [inputs, padded] = [extent(y, 1), extent(y, 2)];
  const layout = transposed
    ? { aCount: inputs, bCount: padded, yA: padded, yB: 1 }
    : { aCount: padded, bCount: inputs, yA: 1, yB: padded };
  const size = sizeOf(y.shape);
  const tiles = [Math.ceil((kernel ** 2 * layout.bCount) / 64), Math.ceil(layout.aCount / 32)] as const;
  const splits = chooseSplits(tiles[0] * tiles[1], Math.ceil((batch * height * width) / 16));
  const target = splits === 1 ? y : scratch(rec, `${y.label} sums`, [splits, size]);
  dispatch(rec, {
    kernel: 'weight_gradient',
    params: {
      batch,
      aChannels: extent(u.x, 1),
      height,
      width,
      bChannels: extent(v.x, 1),
      vHeight: extent(v.x, 2),
      vWidth: extent(v.x, 3),
      kernel,
      stride: transposed ? 2 : stride,
      pad,
      hasAScale: u.scale ? 1 : 0,
      hasBScale: v.scale ? 1 : 0,
      ...layout,
      yTap: inputs * padded,
      phased: transposed ? 1 : 0,
      splits,
      size,
    },
    bindings: { u: u.x, v: v.x, aScale: u.scale, bScale: v.scale, y: target },
    workgroups: [...tiles, splits],
  });
  if (splits > 1) sumRows(rec, target, { outer: 1, rows: splits }, y);
}
