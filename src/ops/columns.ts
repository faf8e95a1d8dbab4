import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent, sizeOf } from '../runtime/tensor.js';

/** Columns of a tensor that packs several rows' vectors side by side, such as adaLN's [shift, scale, gate, …]. */
export interface Columns {
  /** `[…, width]`, with the rows of the operand. */
  readonly packed: Tensor;
  /** The first column. */
  readonly offset: number;
}

/** Checks that the columns exist for each of `rows`; returns the packed tensor's width. */
export function expectColumns(operator: string, columns: Columns, rows: number, width: number): number {
  const { packed, offset } = columns;
  const packedWidth = extent(packed, packed.shape.length - 1);
  expectShape(operator, { ...packed, shape: [sizeOf(packed.shape) / packedWidth] }, [rows]);
  if (offset < 0 || offset + width > packedWidth) {
    throw new RangeError(
      `${operator}: ${packed.label} has ${packedWidth} columns, not ${width} from ${offset}`,
    );
  }
  return packedWidth;
}
