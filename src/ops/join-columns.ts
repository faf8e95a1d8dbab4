import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import { note } from '../runtime/tape.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, extent, sizeOf } from '../runtime/tensor.js';

const widthOf = (x: Tensor) => extent(x, x.shape.length - 1);

/** Copies `columns` columns of x from one place to another in y, whose other columns stay as they are. */
export function copyColumns(
  rec: Recorder,
  x: Tensor,
  y: Tensor,
  { columns, xOffset = 0, yOffset = 0 }: { columns: number; xOffset?: number; yOffset?: number },
): void {
  const [xWidth, yWidth] = [widthOf(x), widthOf(y)];
  const rows = sizeOf(x.shape) / xWidth;
  expectShape('copyColumns', { ...y, shape: [sizeOf(y.shape) / yWidth] }, [rows]);
  if (xOffset + columns > xWidth || yOffset + columns > yWidth) {
    throw new RangeError(
      `copyColumns: ${columns} columns from ${xOffset} of ${xWidth} to ${yOffset} of ${yWidth}`,
    );
  }
  dispatch(rec, {
    kernel: 'copy_columns',
    params: { count: rows * columns, columns, xWidth, yWidth, xOffset, yOffset },
    bindings: { x, y },
    workgroups: flatGrid(rows * columns, 64),
  });
}

/**
 * Tensors side by side: `torch.cat(parts, -1)`. The adjoint cuts the gradient up again.
 *
 * @param parts `[…, Cᵢ]`, of the same leading axes.
 * @returns `[…, Σ Cᵢ]`.
 * @throws RangeError when shapes do not fit.
 */
export function joinColumns(rec: Recorder, parts: readonly Tensor[], label = 'joinColumns'): Tensor {
  const leading = parts[0]?.shape.slice(0, -1) ?? [];
  const widths = parts.map(widthOf);
  const y = scratch(rec, label, [...leading, widths.reduce((sum, width) => sum + width, 0)]);
  const placed = parts.map((x, i) => {
    expectShape('joinColumns', x, [...leading, -1]);
    return { x, columns: widths[i]!, offset: widths.slice(0, i).reduce((sum, width) => sum + width, 0) };
  });
  for (const { x, columns, offset } of placed) copyColumns(rec, x, y, { columns, yOffset: offset });
  note(rec, {
    operator: 'joinColumns',
    inputs: parts,
    output: y,
    adjoint: ({ dy, wants, into, give }) => {
      for (const { x, columns, offset } of placed) {
        if (!wants(x)) continue;
        const dx = into(x, `d ${x.label}`);
        copyColumns(rec, dy, dx, { columns, xOffset: offset });
        give(x, dx);
      }
    },
  });
  return y;
}

/**
 * Columns of a packed tensor as a tensor of their own. The adjoint writes its columns of the packed gradient, so that
 * each column may be taken once only; all of them at once are the tensor itself.
 *
 * @param packed `[rows, width]`.
 * @returns `[rows, columns]`.
 */
export function takeColumns(rec: Recorder, packed: Tensor, offset: number, columns: number): Tensor {
  const width = widthOf(packed);
  if (offset === 0 && columns === width) return packed;
  const y = scratch(rec, packed.label, [...packed.shape.slice(0, -1), columns]);
  copyColumns(rec, packed, y, { columns, xOffset: offset });
  note(rec, {
    operator: 'takeColumns',
    inputs: [packed],
    output: y,
    adjoint: (gradients) =>
      copyColumns(rec, gradients.dy, gradients.columns(packed, offset, columns), {
        columns,
        yOffset: offset,
      }),
  });
  return y;
}

/** The plain twin of `joinColumns`: parts of `rows` rows. */
export function joinColumnsReference(parts: readonly ArrayLike<number>[], rows: number): Float64Array {
  const joined: number[] = [];
  for (let row = 0; row < rows; row++) {
    for (const part of parts) {
      const width = part.length / rows;
      for (let c = 0; c < width; c++) joined.push(part[row * width + c]!);
    }
  }
  return Float64Array.from(joined);
}
