import type { Recorder } from '../runtime/recorder.js';
import { dispatch, scratch } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { describe, expectShape, extent } from '../runtime/tensor.js';

export interface AttentionOptions {
  readonly heads: number;
  /** Row i attends to rows |i − j| ≤ window; to all of them if left out. */
  readonly window?: number;
  readonly label?: string;
}

/** The widest head that the kernel has registers for. */
const maxHeadDim = 128;

/**
 * Multi-head self-attention softmax(q·kᵀ/√headDim)·v: `torch.nn.functional.scaled_dot_product_attention`, without the
 * projections. Scores are never stored: memory grows with T, not with T².
 *
 * @param operands `{q, k, v}`, each `[B,T,h]`, or `qkv` `[B,T,3·h]` packed in the order q, k, v; within each of them
 *   head after head, h = heads·headDim, headDim ≤ 128.
 * @returns `[B,T,h]`.
 * @throws RangeError when shapes do not fit.
 */
export function attention(
  rec: Recorder,
  operands: { q: Tensor; k: Tensor; v: Tensor } | { qkv: Tensor },
  { heads, window, label = 'attention' }: AttentionOptions,
): Tensor {
  const packed = 'qkv' in operands;
  const { q, k, v } = packed ? { q: operands.qkv, k: operands.qkv, v: operands.qkv } : operands;
  expectShape('attention', q, [-1, -1, -1]);
  expectShape('attention', k, q.shape);
  expectShape('attention', v, q.shape);
  const batch = extent(q, 0);
  const length = extent(q, 1);
  const qkvWidth = extent(q, 2);
  const width = packed ? qkvWidth / 3 : qkvWidth;
  const headDim = width / heads;
  if (!Number.isInteger(headDim) || headDim > maxHeadDim) {
    const parts = packed ? 3 * heads : heads;
    throw new RangeError(`attention: ${describe(q)} is not ${parts} times at most ${maxHeadDim} columns`);
  }
  const y = scratch(rec, label, [batch, length, width]);
  const subgroup = rec.gpu.tuning.product === 'subgroup' && headDim % 4 === 0;
  dispatch(rec, {
    kernel: subgroup ? 'attention_subgroup' : 'attention',
    params: {
      length,
      heads,
      headDim,
      reach: Math.min(window ?? length, length),
      qkvWidth,
      qOffset: 0,
      kOffset: packed ? width : 0,
      vOffset: packed ? 2 * width : 0,
      scale: 1 / Math.sqrt(headDim),
    },
    bindings: { q, k, v, y },
    workgroups: [Math.ceil(length / (subgroup ? 8 : 32)), heads, batch],
  });
  return y;
}

/** The plain twin of `attention`, in float64: q, k, v `[batch, length, heads·headDim]` each, and so the result. */
export function attentionReference(
  q: ArrayLike<number>,
  k: ArrayLike<number>,
  v: ArrayLike<number>,
  size: { batch: number; length: number; heads: number; headDim: number; window?: number },
): Float64Array {
  const { batch, length, heads, headDim, window = length } = size;
  const y = new Float64Array(q.length);
  for (let b = 0; b < batch; b++) {
    for (let head = 0; head < heads; head++) {
      const at = (row: number) => ((b * length + row) * heads + head) * headDim;
      for (let i = 0; i < length; i++) {
        const first = Math.max(0, i - window);
        const count = Math.min(length, i + window + 1) - first;
        const scores = Float64Array.from({ length: count }, (_, n) => {
          let dot = 0;
          for (let c = 0; c < headDim; c++) dot += q[at(i) + c]! * k[at(first + n) + c]!;
          return dot / Math.sqrt(headDim);
        });
        const largest = scores.reduce((a, s) => Math.max(a, s), -Infinity);
        const weights = scores.map((s) => Math.exp(s - largest));
        const total = weights.reduce((a, w) => a + w, 0);
        for (let n = 0; n < count; n++) {
          for (let c = 0; c < headDim; c++) y[at(i) + c]! += (weights[n]! / total) * v[at(first + n) + c]!;
        }
      }
    }
  }
  return y;
}
