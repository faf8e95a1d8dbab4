import type { Recorder } from '../runtime/recorder.js';
import { constant, dispatch, scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { describe, extent, sizeOf } from '../runtime/tensor.js';

/** Numbers of rows, on the GPU. */
export interface RowNumbers {
  readonly tensor: Tensor;
  readonly largest: number;
}

/** The numbers, in any shape, as a constant of the plan. */
export function rowNumbers(rec: Recorder, shape: readonly number[], rows: readonly number[]): RowNumbers {
  const tensor = constant(rec, 'rows', shape, Float32Array.from(rows));
  return { tensor, largest: Math.max(...rows) };
}

/**
 * Rows of x in any order, each as often as wanted: `torch.nn.functional.embedding(rows, x)`.
 *
 * @param x `[…, C]`; all leading axes are rows.
 * @returns `[…, C]`, the leading axes being those of the numbers.
 * @throws RangeError when x has not so many rows.
 */
export function selectRows(rec: Recorder, x: Tensor, rows: RowNumbers, label = 'selectRows'): Tensor {
  const columns = extent(x, x.shape.length - 1);
  if (rows.largest >= sizeOf(x.shape) / columns) {
    throw new RangeError(`selectRows: ${describe(x)} has no row ${rows.largest}`);
  }
  const y = scratch(rec, label, [...rows.tensor.shape, columns]);
  dispatch(rec, {
    kernel: 'select_rows',
    params: { columns },
    bindings: { x, rows: rows.tensor, y },
    workgroups: [Math.ceil(columns / 512), sizeOf(rows.tensor.shape)],
  });
  return y;
}

/** The plain twin of `selectRows`. */
export function selectRowsReference(
  x: ArrayLike<number>,
  rows: readonly number[],
  columns: number,
): Float64Array {
  return Float64Array.from(
    { length: rows.length * columns },
    (_, at) => x[rows[Math.floor(at / columns)]! * columns + (at % columns)]!,
  );
}
