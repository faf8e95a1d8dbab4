import type { Dispatch } from '../runtime/launch.js';
import type { Recorder } from '../runtime/recorder.js';
import { dispatch, flatGrid, scratch } from '../runtime/recorder.js';
import { note } from '../runtime/tape.js';
import { mostOperations, pairsInReach } from '../runtime/work.js';
import type { Gradients } from '../runtime/tape-notes.js';
import type { Tensor } from '../runtime/tensor.js';
import { describe, expectShape, extent, sizeOf } from '../runtime/tensor.js';

export interface AttentionOptions {
  readonly heads: number;
  /** Row i attends to rows |i − j| ≤ reach; to all of them if left out. */
  readonly reach?: number;
  readonly label?: string;
  /** Heads in a launch; by default so many as a device may work at one without being reset. */
  readonly headsAtOnce?: number;
}

/** The widest head that the kernel has registers for. */
const maxHeadDim = 128;

/**
 * Multi-head self-attention softmax(q·kᵀ/√headDim)·v: `torch.nn.functional.scaled_dot_product_attention`, without the
 * projections. Scores are never stored: memory grows with T, not with T².
 *
 * Rows out of the reach are no terms. PyTorch multiplies their values by 0: a NaN or infinity among them makes all rows
 * NaN there, here those in reach.
 *
 * @param operands `{q, k, v}`, each `[B,T,h]`, or `qkv` `[B,T,3·h]` packed in the order q, k, v; within each of them
 *   head after head, h = heads·headDim, headDim ≤ 128.
 * @returns `[B,T,h]`.
 * @throws RangeError when shapes do not fit.
 */
export function attention(
  rec: Recorder,
  operands: { q: Tensor; k: Tensor; v: Tensor } | { qkv: Tensor },
  { heads, reach, label = 'attention', headsAtOnce }: AttentionOptions,
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
  const size = { batch, length, headDim, reach: Math.min(reach ?? length, length - 1) };
  const ofHead = 4 * headDim * batch * pairsInReach(length, size.reach);
  const most = headsAtOnce ?? Math.max(1, Math.floor(mostOperations / ofHead));
  for (let firstHead = 0; firstHead < heads; firstHead += most) {
    dispatch(rec, {
      ...kernelFor(rec, { ...size, heads: Math.min(most, heads - firstHead) }),
      params: {
        length,
        heads,
        headDim,
        reach: Math.min(reach ?? length, length),
        qkvWidth,
        qOffset: 0,
        kOffset: packed ? width : 0,
        vOffset: packed ? 2 * width : 0,
        firstHead,
        scale: 1 / Math.sqrt(headDim),
      },
      bindings: { q, k, v, y },
    });
  }
  const inputs = packed ? [operands.qkv] : [q, k, v];
  const adjoint = ({ dy, into, give }: Gradients) => {
    if (!packed) throw new Error('attention: the adjoint takes q, k and v packed');
    const dqkv = into(q, `d ${q.label}`);
    recordAdjoint(rec, q, dy, dqkv, {
      batch,
      length,
      heads,
      headDim,
      reach: Math.min(reach ?? length, length - 1),
    });
    give(q, dqkv);
  };
  note(rec, { operator: 'attention', inputs, output: y, adjoint });
  return y;
}

/** Bands up to this reach have a kernel of their own, which has shared memory for them. */
const narrowReach = 8;

/** Which kernel, with which constants, in how many workgroups. */
function kernelFor(
  rec: Recorder,
  {
    batch,
    length,
    heads,
    headDim,
    reach,
  }: Record<'batch' | 'length' | 'heads' | 'headDim' | 'reach', number>,
): Pick<Dispatch, 'kernel' | 'constants' | 'workgroups'> {
  if (rec.gpu.tuning.product === 'subgroup' && headDim % 4 === 0) {
    return { kernel: 'attention_subgroup', workgroups: [Math.ceil(length / 8), heads, batch] };
  }
  if (reach <= narrowReach) {
    return { kernel: 'attention_band', workgroups: [Math.ceil(length / 2), heads, batch] };
  }
  const parts = heads * Math.ceil(headDim / 64);
  return {
    kernel: 'attention',
    constants: { BANDED: reach < length - 1 ? 1 : 0 },
    workgroups: [Math.ceil(length / 16), parts, batch],
  };
}

/**
 * Scores are made again for the pairs in reach, 2·reach + 1 a row; then each frame gathers, so that nothing is added by
 * two at once.
 */
function recordAdjoint(
  rec: Recorder,
  qkv: Tensor,
  dy: Tensor,
  dqkv: Tensor,
  size: { batch: number; length: number; heads: number; headDim: number; reach: number },
): void {
  const { batch, length, heads, headDim, reach } = size;
  const band = 2 * reach + 1;
  const rows = batch * heads * length;
  const params = { length, heads, headDim, reach, scale: 1 / Math.sqrt(headDim) };
  const score = scratch(rec, 'p', [rows, band]);
  const dp = scratch(rec, 'ds', [rows, band]);
  dispatch(rec, {
    kernel: 'attention_band_scores',
    params: { count: rows * band, ...params },
    bindings: { qkv, dy, score, dp },
    workgroups: flatGrid(rows * band, 64),
  });
  dispatch(rec, {
    kernel: 'attention_band_softmax',
    params: { rows, band },
    bindings: { score, dp },
    workgroups: flatGrid(rows, 64),
  });
  const count = sizeOf(dy.shape);
  dispatch(rec, {
    kernel: 'attention_band_gather',
    params: { count, ...params },
    bindings: { qkv, dy, p: score, ds: dp, dqkv },
    workgroups: flatGrid(count, 64),
  });
}

/** The plain twin of `attention`, in float64: q, k, v `[batch, length, heads·headDim]` each, and so the result. */
export function attentionReference(
  q: ArrayLike<number>,
  k: ArrayLike<number>,
  v: ArrayLike<number>,
  size: { batch: number; length: number; heads: number; headDim: number; reach?: number },
): Float64Array {
  const { batch, length, heads, headDim, reach = length } = size;
  const y = new Float64Array(q.length);
  for (let b = 0; b < batch; b++) {
    for (let head = 0; head < heads; head++) {
      const at = (row: number) => ((b * length + row) * heads + head) * headDim;
      for (let i = 0; i < length; i++) {
        const first = Math.max(0, i - reach);
        const count = Math.min(length, i + reach + 1) - first;
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

/**
 * The adjoint of `attentionReference`, in float64: with p = softmax(s) and dp[i,j] = dy[i]·v[j],
 * ds = p·(dp − Σ_j p·dp), dq[i] = Σ_j ds·k[j]/√headDim, dk[j] = Σ_i ds·q[i]/√headDim, dv[j] = Σ_i p·dy[i].
 */
export function attentionAdjointReference(
  q: ArrayLike<number>,
  k: ArrayLike<number>,
  v: ArrayLike<number>,
  dy: ArrayLike<number>,
  size: { batch: number; length: number; heads: number; headDim: number; reach?: number },
): { dq: Float64Array; dk: Float64Array; dv: Float64Array } {
  const { batch, length, heads, headDim, reach = length } = size;
  const [dq, dk, dv] = [q, k, v].map((x) => new Float64Array(x.length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const root = Math.sqrt(headDim);
  for (let b = 0; b < batch; b++) {
    for (let head = 0; head < heads; head++) {
      const at = (row: number) => ((b * length + row) * heads + head) * headDim;
      const dot = (x: ArrayLike<number>, i: number, z: ArrayLike<number>, j: number) => {
        let sum = 0;
        for (let c = 0; c < headDim; c++) sum += x[at(i) + c]! * z[at(j) + c]!;
        return sum;
      };
      for (let i = 0; i < length; i++) {
        const keys = Array.from({ length }, (_, j) => j).filter((j) => Math.abs(i - j) <= reach);
        const scores = keys.map((j) => dot(q, i, k, j) / root);
        const largest = Math.max(...scores);
        const total = scores.reduce((sum, s) => sum + Math.exp(s - largest), 0);
        const p = scores.map((s) => Math.exp(s - largest) / total);
        const dp = keys.map((j) => dot(dy, i, v, j));
        const mean = dp.reduce((sum, d, n) => sum + d * p[n]!, 0);
        keys.forEach((j, n) => {
          const ds = (p[n]! * (dp[n]! - mean)) / root;
          for (let c = 0; c < headDim; c++) {
            dq[at(i) + c]! += ds * k[at(j) + c]!;
            dk[at(j) + c]! += ds * q[at(i) + c]!;
            dv[at(j) + c]! += p[n]! * dy[at(i) + c]!;
          }
        });
      }
    }
  }
  return { dq, dk, dv };
}
