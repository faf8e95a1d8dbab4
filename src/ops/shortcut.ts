import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent, sizeOf } from '../runtime/tensor.js';

/**
 * y = ReLU(v + s): the end of a residual block whose shortcut s has no weights. s is x; max-pooled 2×2 where the block
 * halves the picture (`max_pool2d(x, 2)`); with zeros for the channels that v has more. Without x, only ReLU(v).
 *
 * @param v `[batch, channels, height, width]`.
 * @param x `[batch, ≤ channels, height·pool, width·pool]`.
 * @returns the shape of v.
 * @throws RangeError when shapes do not fit.
 */
export function shortcut(rec: Recorder, v: Tensor, x?: Tensor, pool = 1, label = 'shortcut'): Tensor {
  expectShape('shortcut', v, [-1, -1, -1, -1]);
  const [batch, channels, height, width] = [extent(v, 0), extent(v, 1), extent(v, 2), extent(v, 3)];
  if (x) expectShape('shortcut', x, [batch, Math.min(extent(x, 1), channels), height * pool, width * pool]);
  const count = sizeOf(v.shape);
  const y = scratch(rec, label, v.shape);
  dispatch(rec, {
    kernel: 'shortcut',
    params: { count, channels, height, width, inputs: x ? extent(x, 1) : 0, pool },
    bindings: { v, x: x ?? v, y },
    workgroups: flatGrid(count, 64),
  });
  return y;
}

/** The plain twin of `shortcut`, in float64. */
export function shortcutReference(
  v: ArrayLike<number>,
  x: ArrayLike<number>,
  size: { channels: number; height: number; width: number; inputs: number; pool: number },
): Float64Array {
  const { channels, height, width, inputs, pool } = size;
  return Float64Array.from(v, (value, at) => {
    const plane = Math.floor(at / (height * width));
    const [b, c] = [Math.floor(plane / channels), plane % channels];
    if (c >= inputs) return Math.max(value, 0);
    let most = -Infinity;
    for (let tap = 0; tap < pool ** 2; tap++) {
      const row = (Math.floor(at / width) % height) * pool + Math.floor(tap / pool);
      const column = (at % width) * pool + (tap % pool);
      most = Math.max(most, x[((b * inputs + c) * height * pool + row) * width * pool + column]!);
    }
    return Math.max(value + most, 0);
  });
}
