// The motion directions: the reduced QR decomposition of A + 10⁻⁸ by Householder reflections, with LAPACK's signs, as
// src/models/autoencoder/qr.ts tells and does on the host. In training A moves with each step, so Q is made on the GPU.
//
//   a, q [rows, cols], cols ≤ 256
//   r    [cols, cols], upper triangular
//   work [rows, cols]: the reflections' vectors below the diagonal
//
// One workgroup of 256: the sums down a column are the lanes' together where a reflection is made, and each lane its
// own column's where it is applied.

struct Params {
  rows: u32,
  cols: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read_write> work: array<f32>;
@group(0) @binding(3) var<storage, read_write> q: array<f32>;
@group(0) @binding(4) var<storage, read_write> r: array<f32>;

const LANES = 256u;

var<workgroup> sums: array<f32, 256>;
var<workgroup> taus: array<f32, 256>;

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  let count = params.rows * params.cols;
  for (var at = lane; at < count; at += LANES) {
    work[at] = a[at] + 1e-8;
    q[at] = select(0.0, 1.0, at / params.cols == at % params.cols);
  }
  storageBarrier();
  for (var k = 0u; k < params.cols; k++) {
    var below = 0.0;
    for (var i = k + 1u + lane; i < params.rows; i += LANES) {
      let value = work[i * params.cols + k];
      below += value * value;
    }
    sums[lane] = below;
    workgroupBarrier();
    below = 0.0;
    for (var block = 0u; block < LANES; block += 16u) {
      var partial = 0.0;
      for (var i = 0u; i < 16u; i++) {
        partial += sums[block + i];
      }
      below += partial;
    }
    let x0 = work[k * params.cols + k];
    let length = sqrt(x0 * x0 + below);
    let reflects = below > 0.0;
    let beta = select(x0, select(-length, length, x0 < 0.0), reflects);
    let tau = select(0.0, (beta - x0) / beta, reflects);
    storageBarrier();
    if (reflects) {
      for (var i = k + 1u + lane; i < params.rows; i += LANES) {
        work[i * params.cols + k] /= x0 - beta;
      }
    }
    if (lane == 0u) {
      work[k * params.cols + k] = beta;
      taus[k] = tau;
    }
    storageBarrier();
    for (var j = k + 1u + lane; j < params.cols; j += LANES) {
      var dot = work[k * params.cols + j];
      for (var first = k + 1u; first < params.rows; first += 16u) {
        var partial = 0.0;
        for (var i = first; i < min(first + 16u, params.rows); i++) {
          partial = fma(work[i * params.cols + k], work[i * params.cols + j], partial);
        }
        dot += partial;
      }
      work[k * params.cols + j] -= tau * dot;
      for (var i = k + 1u; i < params.rows; i++) {
        work[i * params.cols + j] -= tau * dot * work[i * params.cols + k];
      }
    }
    storageBarrier();
  }
  workgroupBarrier();
  for (var at = lane; at < params.cols * params.cols; at += LANES) {
    r[at] = select(0.0, work[at], at % params.cols >= at / params.cols);
  }
  for (var step = 0u; step < params.cols; step++) {
    let k = params.cols - 1u - step;
    for (var j = k + lane; j < params.cols; j += LANES) {
      var dot = q[k * params.cols + j];
      for (var first = k + 1u; first < params.rows; first += 16u) {
        var partial = 0.0;
        for (var i = first; i < min(first + 16u, params.rows); i++) {
          partial = fma(work[i * params.cols + k], q[i * params.cols + j], partial);
        }
        dot += partial;
      }
      q[k * params.cols + j] -= taus[k] * dot;
      for (var i = k + 1u; i < params.rows; i++) {
        q[i * params.cols + j] -= taus[k] * dot * work[i * params.cols + k];
      }
    }
    storageBarrier();
  }
}
