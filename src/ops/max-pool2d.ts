import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import { note } from '../runtime/tape.js';
import type { Tensor } from '../runtime/tensor.js';
import { describe, expectShape, extent, sizeOf } from '../runtime/tensor.js';

/**
 * The largest of each square of side×side: `torch.nn.functional.max_pool2d(x, side)`. The gradient goes to the first of
 * a square's largest, as in PyTorch.
 *
 * @param x `[batch, channels, height·side, width·side]`.
 * @returns `[batch, channels, height, width]`.
 * @throws RangeError when the squares do not fill the picture.
 */
export function maxPool2d(rec: Recorder, x: Tensor, side: number, label = 'maxPool2d'): Tensor {
  expectShape('maxPool2d', x, [-1, -1, -1, -1]);
  const [height, width] = [extent(x, 2) / side, extent(x, 3) / side];
  if (!Number.isInteger(height) || !Number.isInteger(width)) {
    throw new RangeError(`maxPool2d: ${describe(x)} is not made of squares of ${side}`);
  }
  const y = scratch(rec, label, [extent(x, 0), extent(x, 1), height, width]);
  const params = { count: sizeOf(y.shape), width, side };
  const workgroups = flatGrid(params.count, 64);
  dispatch(rec, { kernel: 'max_pool2d', params, bindings: { x, y }, workgroups });
  note(rec, {
    operator: 'maxPool2d',
    inputs: [x],
    output: y,
    adjoint: ({ dy, give }) => {
      const dx = scratch(rec, `d ${x.label}`, x.shape);
      dispatch(rec, { kernel: 'max_pool2d_adjoint', params, bindings: { x, dy, dx }, workgroups });
      give(x, dx);
    },
  });
  return y;
}

/** The plain twin of `maxPool2d`: where in x `[channels, height, width]` the first of each square's largest is. */
export function maxPlaces(x: ArrayLike<number>, width: number, side: number): number[] {
  const [columns, count] = [width / side, x.length / side ** 2];
  return Array.from({ length: count }, (_, at) => {
    const first = Math.floor(at / columns) * side * width + (at % columns) * side;
    const square = Array.from(
      { length: side ** 2 },
      (__, i) => first + Math.floor(i / side) * width + (i % side),
    );
    return square.reduce((best, place) => (x[place]! > x[best]! ? place : best), first);
  });
}
