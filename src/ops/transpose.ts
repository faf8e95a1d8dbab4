import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { extent, sizeOf } from '../runtime/tensor.js';

/**
 * The last two axes swapped: `x.mT.contiguous()`.
 *
 * @param x `[…, rows, columns]`.
 * @returns `[…, columns, rows]`.
 */
export function transpose(rec: Recorder, x: Tensor, label = 'transpose'): Tensor {
  const axes = x.shape.length;
  const [rows, columns] = [extent(x, axes - 2), extent(x, axes - 1)];
  const y = scratch(rec, label, [...x.shape.slice(0, -2), columns, rows]);
  const batch = sizeOf(x.shape) / (rows * columns);
  if (rec.gpu.tuning.row === 'invocation' && rows % 4 === 0) {
    dispatch(rec, {
      kernel: 'transpose_fours',
      params: { rows, columns, batch },
      bindings: { x, y },
      workgroups: flatGrid(sizeOf(x.shape) / 4, 64),
    });
  } else {
    dispatch(rec, {
      kernel: 'transpose',
      params: { rows, columns },
      bindings: { x, y },
      workgroups: [Math.ceil(columns / 16), Math.ceil(rows / 16), batch],
    });
  }
  return y;
}

/** The plain twin of `transpose`: x `[batch, rows, columns]`. */
export function transposeReference(x: ArrayLike<number>, rows: number, columns: number): Float64Array {
  return Float64Array.from({ length: x.length }, (_, at) => {
    const batch = Math.floor(at / (rows * columns));
    const [column, row] = [Math.floor((at % (rows * columns)) / rows), at % rows];
    return x[batch * rows * columns + row * columns + column]!;
  });
}
