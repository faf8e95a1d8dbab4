import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { extent, sizeOf } from '../runtime/tensor.js';

export interface Sampling {
  /** Of what is sampled. */
  readonly height: number;
  readonly width: number;
  /** `[batch, outHeight, outWidth, 2]`. */
  readonly grid: Tensor;
  /** `[batch, outHeight, outWidth]`, ones if not given. */
  readonly mask?: Tensor | undefined;
  readonly alignCorners: boolean;
}

/**
 * The adjoint of bilinear sampling in what is sampled. Each position adds to four samples, wherever they are, and two
 * positions may meet: a scatter, for which WGSL has no additions of floats, and which would add in another order each
 * time. So the positions of each cell between four samples are listed first (count, begin, fill, sort: once a frame for
 * all channels), and each sample gathers from the four cells around it.
 *
 * @param dy `[batch, channels, outHeight, outWidth]`.
 * @returns `[batch, channels, height, width]`.
 */
export function gatherSamples(rec: Recorder, dy: Tensor, sampling: Sampling, label = 'samples'): Tensor {
  const { grid, mask, height, width } = sampling;
  const [batch, channels, outPlane] = [extent(dy, 0), extent(dy, 1), extent(dy, 2) * extent(dy, 3)];
  const alignCorners = sampling.alignCorners ? 1 : 0;
  const cells = (height + 1) * (width + 1);
  const counts = scratch(rec, 'counts', [batch, cells]);
  const starts = scratch(rec, 'starts', [batch, cells + 1]);
  const [cell, list] = ['cell', 'list'].map((name) => scratch(rec, name, [batch, outPlane])) as [
    Tensor,
    Tensor,
  ];
  const all = batch * outPlane;
  const clear = { count: sizeOf(counts.shape) };
  dispatch(rec, {
    kernel: 'clear',
    params: clear,
    bindings: { x: counts },
    workgroups: flatGrid(clear.count, 64),
  });
  dispatch(rec, {
    kernel: 'sample_count',
    params: { batch, height, width, outPlane, alignCorners },
    bindings: { grid, cell, counts },
    workgroups: flatGrid(all, 64),
  });
  dispatch(rec, {
    kernel: 'sample_starts',
    params: { cells },
    bindings: { counts, starts },
    workgroups: [batch],
  });
  const lists = { batch, outPlane, cells };
  dispatch(rec, {
    kernel: 'sample_fill',
    params: lists,
    bindings: { cell, starts, counts, list },
    workgroups: flatGrid(all, 64),
  });
  dispatch(rec, {
    kernel: 'sample_sort',
    params: lists,
    bindings: { starts, list },
    workgroups: flatGrid(batch * cells, 64),
  });
  const dx = scratch(rec, label, [batch, channels, height, width]);
  dispatch(rec, {
    kernel: 'sample_gather',
    params: { batch, channels, height, width, outPlane, alignCorners, hasMask: mask ? 1 : 0 },
    bindings: { grid, mask, dy, starts, list, dx },
    workgroups: flatGrid(batch * Math.ceil(channels / 4) * height * width, 64),
  });
  return dx;
}
