import { attention } from '../../ops/attention.js';
import { evaluate } from '../../runtime/evaluate.js';
import type { Gpu } from '../../runtime/gpu.js';
import type { FloatConfig } from '../../weights/config.js';
import { windowFrames } from '../../weights/config.js';

/**
 * `[N, N]`: 1 where frame i does not attend to frame j, |i − j| > attention_window (`mask` of the golden tensors).
 *
 * It is what the kernel does, not what it is told: with q = k = 0 all frames in reach weigh alike, and with v the
 * identity row i of the result is its weights.
 */
export async function attentionMask(gpu: Gpu, config: FloatConfig): Promise<Float32Array<ArrayBuffer>> {
  const frames = config.num_prev_frames + windowFrames(config);
  const zeros = { shape: [1, frames, frames], data: new Float32Array(frames * frames) };
  const v = { ...zeros, data: zeros.data.map((_, at) => (at % (frames + 1) === 0 ? 1 : 0)) };
  const { y } = await evaluate(gpu, { q: zeros, k: zeros, v }, (rec, operands) => ({
    y: attention(rec, operands, { heads: 1, reach: config.attention_window }),
  }));
  return y.data.map((weight) => (weight === 0 ? 1 : 0));
}
