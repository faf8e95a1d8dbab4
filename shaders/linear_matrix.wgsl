// y[m,n] = residual[m,n] + gate[m,n] · activation(Σ_k x[m,k] · w[n,k] + bias[n]), with the matrix units of a graphics card
//
// EXPERIMENTAL: Tint (Dawn 0.6.2) accepts this kernel; it has not run on any hardware yet. It needs WebGPU's unfinished
// subgroup matrices, whose names and rules may change, and is launched only on a device that was opened for it:
// src/runtime/matrix.ts.
//
//   x    [rows, inputs]      row-major; inputs is a multiple of 32
//   w    [outputs, inputs]   row-major, f16; outputs is a multiple of 64
//   bias [outputs]
//   gate [rows, gateWidth]   its columns from gateOffset
//   y    [rows, outputs]     as is residual; bias, gate and residual where there are any
//
// A subgroup multiplies 16×16 matrices of f16 as one instruction and adds the products in f32. One workgroup makes 32 rows
// × 64 columns of y: two matrices below each other for each of its four subgroups. For 32 columns of k at a time it copies
// a panel of x, rounded to f16, to shared memory, which all subgroups read; a column of wᵀ is a row of w, so that each
// loads its own part of w as it is stored, column by column. How the lanes hold a matrix is the card's secret, and so the sums
// go by way of shared memory to the invocations that finish them.
enable chromium_experimental_subgroup_matrix;
enable subgroups;

alias Factor = f32; // f16 in every launch: how w is stored, and x in shared memory

override LANES: u32 = 32; // of the widest subgroup

override ACTIVATION: u32 = 0; // 0 none, 1 GELU (erf), 2 GELU (tanh), 3 SiLU, 4 tanh; see src/ops/activation.ts

struct Params {
  rows: u32,
  inputs: u32,
  outputs: u32,
  hasBias: u32,
  hasGate: u32,
  gateWidth: u32,
  gateOffset: u32,
  hasResidual: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<Factor>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> gate: array<f32>;
@group(0) @binding(5) var<storage, read> residual: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

const SIDE = 16u; // of a matrix
const SUBGROUPS = 4u;
const ROWS = 2u * SIDE;
const COLUMNS = SUBGROUPS * SIDE;
const PANEL = 32u;
const STRIDE = PANEL + 8u; // of the panel's rows, so that neighbours are in different banks
const LARGEST = 65504.0; // of f16

alias X = subgroup_matrix_left<Factor, SIDE, SIDE>;
alias W = subgroup_matrix_right<Factor, SIDE, SIDE>;
alias Sums = subgroup_matrix_result<f32, SIDE, SIDE>;

var<workgroup> panel: array<Factor, ROWS * STRIDE>; // [row][k]
var<workgroup> sums: array<f32, ROWS * COLUMNS>; // [row][column]

@compute @workgroup_size(LANES, SUBGROUPS)
fn main(
  @builtin(workgroup_id) tile: vec3u, // columns, rows
  @builtin(local_invocation_index) index: u32,
  @builtin(subgroup_id) subgroup: u32,
) {
  let row0 = tile.y * ROWS;
  let column0 = tile.x * COLUMNS;
  // Where subgroups are narrower than the widest there are more of them than work.
  let works = subgroup < SUBGROUPS;
  var upper = Sums();
  var lower = Sums();
  for (var k0 = 0u; k0 < params.inputs; k0 += PANEL) {
    for (var i = index; i < ROWS * PANEL; i += LANES * SUBGROUPS) {
      // Rows beyond the last are not stored in the end and may be copies of it.
      let row = min(row0 + i / PANEL, params.rows - 1u);
      let value = x[row * params.inputs + k0 + i % PANEL];
      panel[i / PANEL * STRIDE + i % PANEL] = Factor(clamp(value, -LARGEST, LARGEST));
    }
    workgroupBarrier();
    if (works) {
      for (var k = 0u; k < PANEL; k += SIDE) {
        let columns = subgroupMatrixLoad<W, col_major>(&w, (column0 + subgroup * SIDE) * params.inputs + k0 + k, params.inputs);
        upper = subgroupMatrixMultiplyAccumulate(subgroupMatrixLoad<X, row_major>(&panel, k, STRIDE), columns, upper);
        lower = subgroupMatrixMultiplyAccumulate(subgroupMatrixLoad<X, row_major>(&panel, SIDE * STRIDE + k, STRIDE), columns, lower);
      }
    }
    workgroupBarrier();
  }
  if (works) {
    subgroupMatrixStore<row_major>(&sums, subgroup * SIDE, upper, COLUMNS);
    subgroupMatrixStore<row_major>(&sums, SIDE * COLUMNS + subgroup * SIDE, lower, COLUMNS);
  }
  workgroupBarrier();
  for (var i = index; i < ROWS * COLUMNS; i += LANES * SUBGROUPS) {
    let row = row0 + i / COLUMNS;
    let column = column0 + i % COLUMNS;
    if (row < params.rows) {
      let at = row * params.outputs + column;
      y[at] = epilogue(sums[i], row, column, at);
    }
  }
}

// What becomes of a sum on its way to y[at], at `row` and `column` of y.
// test/shaders.test.ts keeps the copies in the kernels of linear and conv1d equal.
fn epilogue(sum: f32, row: u32, column: u32, at: u32) -> f32 {
  var value = sum;
  if (params.hasBias != 0u) {
    value += bias[column];
  }
  value = activate(value);
  if (params.hasGate != 0u) {
    value *= gate[row * params.gateWidth + params.gateOffset + column];
  }
  if (params.hasResidual != 0u) {
    value += residual[at];
  }
  return value;
}

fn activate(v: f32) -> f32 {
  switch ACTIVATION {
    case 1u: { return 0.5 * v * erfc_exact(-0.70710678 * v); }
    case 2u: { return v / (1.0 + exp_exact(-1.5957691 * (v + 0.044715 * v * v * v))); }
    case 3u: { return v / (1.0 + exp_exact(-v)); }
    case 4u: { return tanh_exact(v); }
    default: { return v; }
  }
}

// WGSL promises little for exp and tanh and has no erf; these hold to a few units in the last place on every adapter.
// test/shaders.test.ts keeps all copies of these functions equal.

// e^v = 2^n · e^r with |r| ≤ ln2/2, ln 2 in two parts so that v − n·ln 2 is exact; Taylor series for e^r.
fn exp_exact(v: f32) -> f32 {
  let x = clamp(v, -87.0, 88.0);
  let n = round(x * 1.442695);
  let r = (x - n * 0.693359375) + n * 2.1219444e-4;
  var p = 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  return ldexp((p * r * r + r) + 1.0, i32(n));
}

// tanh by Lambert's continued fraction near 0, by exp elsewhere, where 1 − 2/(e²ᵛ+1) does not cancel.
fn tanh_exact(v: f32) -> f32 {
  let s = v * v;
  let small = v * (945.0 + s * (105.0 + s)) / (945.0 + s * (420.0 + s * 15.0));
  let large = sign(v) * (1.0 - 2.0 / (exp_exact(2.0 * abs(v)) + 1.0));
  return select(large, small, s < 0.36);
}

// erfc(v) for v ≥ 0 is t·exp(−v² + polynomial(t)) with t = 1/(1 + v/2), a Chebyshev fit good to 1.2e-7 of its value
// (Numerical Recipes, Sec. 6.2); erfc(−v) = 2 − erfc(v).
fn erfc_exact(v: f32) -> f32 {
  let z = abs(v);
  let t = 1.0 / (1.0 + 0.5 * z);
  var p = 0.17087277;
  p = p * t - 0.82215223;
  p = p * t + 1.48851587;
  p = p * t - 1.13520398;
  p = p * t + 0.27886807;
  p = p * t - 0.18628806;
  p = p * t + 0.09678418;
  p = p * t + 0.37409196;
  p = p * t + 1.00002368;
  let tail = t * exp_exact(-z * z - 1.26551223 + t * p);
  return select(tail, 2.0 - tail, v < 0.0);
}
