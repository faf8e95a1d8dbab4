import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { expectShape, sizeOf } from '../runtime/tensor.js';

/**
 * Incremental classifier-free guidance v = u + γ_a·(a − u) + γ_e·(all − a) (Sec. 6 of docs/model.md). Its plain twin is
 * `combineGuidance` in src/sampling/guidance.ts.
 *
 * @param fields `[3, …]`: u without audio and emotion, a with audio alone, all with both.
 * @param scales `[2]`: γ_a, γ_e. A tensor, so that they can change between runs of a plan.
 * @returns `[1, …]`.
 * @throws RangeError when shapes do not fit.
 */
export function guidance(rec: Recorder, fields: Tensor, scales: Tensor, label = 'guidance'): Tensor {
  expectShape('guidance', fields, fields.shape.with(0, 3));
  expectShape('guidance', scales, [2]);
  const v = scratch(rec, label, fields.shape.with(0, 1));
  const count = sizeOf(v.shape);
  dispatch(rec, {
    kernel: 'guidance',
    params: { count },
    bindings: { fields, scales, v },
    workgroups: flatGrid(count, 64),
  });
  return v;
}
