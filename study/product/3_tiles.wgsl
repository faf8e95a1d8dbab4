// y[m,n] = Σ_k x[m,k] · w[n,k], operands shared by a workgroup.
//
//   x [rows, inputs/4]     inputs is a multiple of four
//   w [outputs, inputs/4]
//   y [rows, outputs]
//
// A workgroup makes 8×8 elements of y, an invocation one. Unlike in 2_vec4.wgsl, the workgroup copies 32 columns of k
// of its eight rows of x and of its eight rows of w to shared memory first, each invocation one vec4f of each. Then
// every value is used eight times: an eighth of the traffic with memory. The price is two barriers a panel: nobody
// reads before all have copied, nobody copies the next panel before all have read.

struct Params {
  rows: u32,
  inputs: u32,
  outputs: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

const TILE = 8u; // rows, columns and fours of k

var<workgroup> xTile: array<vec4f, 64>; // [row][k/4]
var<workgroup> wTile: array<vec4f, 64>; // [column][k/4]

@compute @workgroup_size(TILE, TILE)
fn main(
  @builtin(workgroup_id) tile: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let inputs4 = params.inputs / 4u;
  // Beyond the last row or column another is copied and its sum not stored; beyond the last k come zeros. A barrier
  // must be reached by all invocations, so none may return early.
  let xRow = min(tile.y * TILE + local.y, params.rows - 1u) * inputs4;
  let wRow = min(tile.x * TILE + local.y, params.outputs - 1u) * inputs4;
  var sums = vec4f();
  for (var k0 = 0u; k0 < inputs4; k0 += TILE) {
    let k = min(k0 + local.x, inputs4 - 1u);
    let known = k0 + local.x < inputs4;
    xTile[index] = select(vec4f(), x[xRow + k], known);
    wTile[index] = select(vec4f(), w[wRow + k], known);
    workgroupBarrier();
    for (var i = 0u; i < TILE; i++) {
      sums = fma(xTile[local.y * TILE + i], wTile[local.x * TILE + i], sums);
    }
    workgroupBarrier();
  }
  let row = tile.y * TILE + local.y;
  let column = tile.x * TILE + local.x;
  if (row < params.rows && column < params.outputs) {
    y[row * params.outputs + column] = dot(sums, vec4f(1.0));
  }
}
