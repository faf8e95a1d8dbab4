import { householderQ } from './qr.js';
import { tensorInfo } from '../../weights/source.js';
import type { WeightSource } from '../../weights/source.js';

const name = 'motion_autoencoder.dec.direction.weight';

/**
 * The motion directions Q, `[rows, cols]` = `[d, dim_m]`, orthonormal columns (Sec. 2 of docs/model.md, "Direction").
 */
export interface Directions {
  readonly q: Float64Array;
  readonly rows: number;
  readonly cols: number;
}

/** Q of the checkpoint's `direction.weight`; depends on the weights alone. */
export async function directionMatrix(source: WeightSource): Promise<Directions> {
  const [rows = 0, cols = 0] = tensorInfo(source, name).shape;
  return { q: householderQ(await source.read(name), rows, cols), rows, cols };
}

/** The motion r = Σ_m λ_m · Q[:, m]. */
export function directedMotion({ q, rows, cols }: Directions, lambda: ArrayLike<number>) {
  return Float32Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let m = 0; m < cols; m++) sum += q[row * cols + m]! * lambda[m]!;
    return sum;
  });
}

/**
 * The coefficients λ = Qᵀr of motions r: how far each goes along each direction. As Q's columns are orthonormal, Q·λ is
 * the part of r that lies in their span.
 *
 * @param motion `[frames, d]`.
 * @returns `[frames, dim_m]`.
 */
export function motionCoefficients({ q, rows, cols }: Directions, motion: ArrayLike<number>) {
  return Float32Array.from({ length: (motion.length / rows) * cols }, (_, at) => {
    const [start, m] = [Math.floor(at / cols) * rows, at % cols];
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += q[row * cols + m]! * motion[start + row]!;
    return sum;
  });
}
