/** A reduced QR decomposition: A = Q·R. */
export interface QR {
  /** [rows, cols], orthonormal columns. */
  readonly q: Float64Array<ArrayBuffer>;
  /** [cols, cols], upper triangular. */
  readonly r: Float64Array<ArrayBuffer>;
}

/**
 * Reduced QR decomposition by Householder reflections, with LAPACK's signs (`geqrf`, `orgqr`; `torch.linalg.qr`).
 *
 * At step k let x be column k from row k down, as the steps before have left it. The reflection H = I − τ·v·vᵀ with
 *
 *     β = −sign(x₀)·‖x‖      v = x / (x₀ − β), except v₀ = 1      τ = (β − x₀) / β
 *
 * takes x to β·e₀, which becomes R's diagonal; if x is zero below x₀ already, H = I and R[k,k] = x₀. The choice of sign
 * keeps x₀ − β from cancelling, and fixes the signs of Q's columns: Q = H₀·H₁⋯ times the first `cols` columns of I.
 *
 * @param a [rows, cols] row-major, rows ≥ cols, values in float32's range (their squares must not underflow).
 * @throws if rows < cols or `a` has another length.
 */
export function householderQR(a: ArrayLike<number>, rows: number, cols: number): QR {
  if (rows < cols || a.length !== rows * cols) {
    throw new Error(
      `householderQR: expected a [rows ≥ cols] matrix, got [${rows}, ${cols}], ${a.length} elements`,
    );
  }
  const work = Float64Array.from(a);
  const taus = new Float64Array(cols);
  for (let k = 0; k < cols; k++) taus[k] = eliminate(work, rows, cols, k);

  const q = new Float64Array(rows * cols);
  for (let k = 0; k < cols; k++) q[k * cols + k] = 1;
  for (let k = cols - 1; k >= 0; k--) reflect(q, work, taus[k]!, rows, cols, k);

  const r = new Float64Array(cols * cols);
  for (let i = 0; i < cols; i++) r.set(work.subarray(i * cols + i, (i + 1) * cols), i * cols + i);
  return { q, r };
}

/**
 * Step k on `work`: column k becomes β with v below it (v₀ = 1 is not stored), the columns after it are reflected.
 * Returns τ.
 */
function eliminate(work: Float64Array, rows: number, cols: number, k: number): number {
  const diagonal = k * cols + k;
  const x0 = work[diagonal]!;
  let below = 0;
  for (let i = k + 1; i < rows; i++) below += work[i * cols + k]! ** 2;
  if (below === 0) return 0;
  const beta = (x0 < 0 ? 1 : -1) * Math.sqrt(x0 ** 2 + below);
  for (let i = k + 1; i < rows; i++) work[i * cols + k]! /= x0 - beta;
  const tau = (beta - x0) / beta;
  reflect(work, work, tau, rows, cols, k, k + 1);
  work[diagonal] = beta;
  return tau;
}

/**
 * matrix ← (I − τ·v·vᵀ)·matrix for its columns from `first` on; v is column k of `vectors` below the diagonal, v₀ = 1.
 */
function reflect(
  matrix: Float64Array,
  vectors: Float64Array,
  tau: number,
  rows: number,
  cols: number,
  k: number,
  first = k,
): void {
  for (let j = first; j < cols; j++) {
    let dot = matrix[k * cols + j]!;
    for (let i = k + 1; i < rows; i++) dot += vectors[i * cols + k]! * matrix[i * cols + j]!;
    const step = tau * dot;
    matrix[k * cols + j]! -= step;
    for (let i = k + 1; i < rows; i++) matrix[i * cols + j]! -= step * vectors[i * cols + k]!;
  }
}

/**
 * The orthonormal motion directions Q of `motion_autoencoder.dec.direction.weight`: Q, R = qr(weight + 1e-8), in
 * float64 (Sec. 2 of docs/model.md, "Direction"; LIA's linear motion decomposition). A motion is r = Q·λ.
 *
 * @param weight [rows, cols] = [d, dim_m], row-major.
 * @returns Q, [rows, cols] row-major; its columns' signs are LAPACK's.
 */
export function householderQ(
  weight: ArrayLike<number>,
  rows: number,
  cols: number,
): Float64Array<ArrayBuffer> {
  return householderQR(
    Float64Array.from(weight, (w) => w + 1e-8),
    rows,
    cols,
  ).q;
}
