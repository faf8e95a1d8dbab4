import { householderQ } from '../ops/qr.js';
import { tensorInfo } from '../weights/source.js';
import type { WeightSource } from '../weights/source.js';

const name = 'motion_autoencoder.dec.direction.weight';

/** The motion directions Q, `[rows, cols]` = `[d, dim_m]`, orthonormal columns (Sec. 2 of docs/model.md, "Direction"). */
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
