// The adjoint of direction_qr.wgsl in A, for a gradient G of Q:
//
//   M = −GᵀQ,   S = tril M + (tril₋₁ M)ᵀ,   dA = (G + Q·S)·R^(−T)
//
//   q, dq, da [rows, cols]
//   r         [cols, cols], upper triangular
//   m         [cols, cols], scratch
//
// One workgroup of 256. A lane makes elements of M, then whole rows of dA, by substitution from the last column on:
// dA[j] = (X[j] − Σ_{l>j} dA[l]·R[j,l])/R[j,j] with X = G + Q·S.

struct Params {
  rows: u32,
  cols: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<f32>;
@group(0) @binding(2) var<storage, read> r: array<f32>;
@group(0) @binding(3) var<storage, read> dq: array<f32>;
@group(0) @binding(4) var<storage, read_write> m: array<f32>;
@group(0) @binding(5) var<storage, read_write> da: array<f32>;

const LANES = 256u;

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  let cols = params.cols;
  for (var at = lane; at < cols * cols; at += LANES) {
    var sum = 0.0;
    for (var first = 0u; first < params.rows; first += 16u) {
      var partial = 0.0;
      for (var i = first; i < min(first + 16u, params.rows); i++) {
        partial = fma(dq[i * cols + at / cols], q[i * cols + at % cols], partial);
      }
      sum += partial;
    }
    m[at] = -sum;
  }
  storageBarrier();
  for (var row = lane; row < params.rows; row += LANES) {
    for (var step = 0u; step < cols; step++) {
      let j = cols - 1u - step;
      var value = dq[row * cols + j];
      for (var l = 0u; l < cols; l++) {
        value = fma(q[row * cols + l], m[max(l, j) * cols + min(l, j)], value);
      }
      for (var l = j + 1u; l < cols; l++) {
        value = fma(-da[row * cols + l], r[j * cols + l], value);
      }
      da[row * cols + j] = value / r[j * cols + j];
    }
  }
}
