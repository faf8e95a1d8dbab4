import { InputError } from '../../base/errors.js';
import type { FloatConfig, ModelConfig } from '../../weights/config.js';
import type { WeightSource } from '../../weights/source.js';
import type { Directions } from './direction.js';
import { directionMatrix } from './direction.js';

/** Names, in a configuration's `directions`, of the directions that move the head as a whole. */
const headDirections = ['yaw', 'pitch', 'roll', 'tx', 'ty'];

/** The columns of Q that move the head; undefined if the checkpoint does not say which do. */
export function headColumns({ directions }: FloatConfig): number[] | undefined {
  const columns = headDirections.map((name) => directions?.indexOf(name) ?? -1).filter((m) => m >= 0);
  return columns.length > 0 ? columns : undefined;
}

/**
 * `scaleMotion` for one portrait: along the head's directions if the checkpoint names them, else along all.
 *
 * @throws InputError for a scale that is negative or not finite.
 */
export async function motionScaler(
  { model, weights }: { readonly model: ModelConfig; readonly weights: WeightSource },
  rS: Float32Array,
  scale: number,
): Promise<(motion: Float32Array) => Float32Array> {
  if (!(scale >= 0 && Number.isFinite(scale))) {
    throw new InputError(`motionScale: expected a number of at least 0, got ${scale}`);
  }
  if (scale === 1) return (motion) => motion;
  const directions = await directionMatrix(weights);
  const columns = headColumns(model.config);
  return (motion) => scaleMotion(motion, rS, scale, directions, columns);
}

/**
 * More or less motion about the source motion r_s. With `columns`, only along these orthonormal columns q_m of Q:
 *
 *     x' = x + (scale − 1) Σ_m q_m q_mᵀ (x − r_s)
 *
 * and without them along all of space, x' = r_s + scale·(x − r_s): lips, blinks and expression too.
 *
 * @param motion `[frames, d]`.
 * @param rS source motion `[d]`.
 */
export function scaleMotion(
  motion: Float32Array,
  rS: Float32Array,
  scale: number,
  { q, rows: d, cols }: Directions,
  columns: readonly number[] | undefined,
): Float32Array {
  if (!columns) return motion.map((x, i) => rS[i % d]! + scale * (x - rS[i % d]!));
  const scaled = motion.slice();
  for (let start = 0; start < motion.length; start += d) {
    for (const m of columns) {
      let along = 0;
      for (let i = 0; i < d; i++) along += q[i * cols + m]! * (motion[start + i]! - rS[i]!);
      for (let i = 0; i < d; i++) scaled[start + i]! += (scale - 1) * along * q[i * cols + m]!;
    }
  }
  return scaled;
}
