// y[m,n] = residual[m,n] + gate[m,n] · activation(Σ_k x[m,k] · w[n,k] + bias[n]), with the matrix units of a graphics
// card
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
// A subgroup multiplies 16×16 matrices of f16 as one instruction and adds the products in f32. One workgroup makes 32
// rows × 64 columns of y: two matrices below each other for each of its four subgroups. For 32 columns of k at a time
// it copies a panel of x, rounded to f16, to shared memory, which all subgroups read; a column of wᵀ is a row of w, so
// that each loads its own part of w as it is stored, column by column. How the lanes hold a matrix is the card's
// secret, and so the sums go by way of shared memory to the invocations that finish them.
enable chromium_experimental_subgroup_matrix;
enable subgroups;

alias Factor = f32; // f16 in every launch: how w is stored, and x in shared memory

override LANES: u32 = 32; // of the widest subgroup

// #include "lib/linear_params.wgsl"

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
      panel[i / PANEL * STRIDE + i % PANEL] = Factor(half_range(value));
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

// #include "lib/epilogue.wgsl"
// #include "lib/half_range.wgsl"
