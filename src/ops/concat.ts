import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent, sizeOf } from '../runtime/tensor.js';

/**
 * The operands one after another along an axis: `torch.cat`.
 *
 * @param tensors equal in all other axes; one tensor may occur several times.
 * @throws RangeError when shapes do not fit.
 */
export function concat(rec: Recorder, tensors: readonly Tensor[], axis: number, label = 'concat'): Tensor {
  const first = tensors[0];
  if (!first) throw new RangeError('concat: no tensors');
  const total = tensors.reduce((sum, x) => sum + extent(x, axis), 0);
  const y = scratch(rec, label, first.shape.with(axis, total));
  const inner = sizeOf(first.shape.slice(axis + 1));
  let offset = 0;
  for (const x of tensors) {
    expectShape('concat', x, first.shape.with(axis, -1));
    const count = sizeOf(x.shape);
    const run = extent(x, axis) * inner;
    dispatch(rec, {
      kernel: 'concat',
      params: { count, run, totalRun: total * inner, offsetRun: offset * inner },
      bindings: { x, y },
      workgroups: flatGrid(count, 64),
    });
    offset += extent(x, axis);
  }
  return y;
}

/** The plain twin of `concat`: operands `[outer, extent, inner]`, extents one for each. */
export function concatReference(
  operands: readonly ArrayLike<number>[],
  { outer, extents, inner }: { outer: number; extents: readonly number[]; inner: number },
): Float64Array {
  const y: number[] = [];
  for (let o = 0; o < outer; o++) {
    operands.forEach((x, n) => {
      const run = extents[n]! * inner;
      for (let i = 0; i < run; i++) y.push(x[o * run + i]!);
    });
  }
  return Float64Array.from(y);
}
