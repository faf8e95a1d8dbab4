// y[b,c,r] = x[b,r,c]
//
//   x [batch, rows, columns]
//   y [batch, columns, rows]
//
// One workgroup moves a tile of 16×16 through shared memory, so that neighbours read and write neighbouring elements.
// The 17th column keeps the sixteen that are read together in different banks.

struct Params {
  rows: u32,
  columns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

const TILE = 16u;

var<workgroup> tile: array<f32, 272>; // [row][17]

@compute @workgroup_size(TILE, TILE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let origin = group.z * params.rows * params.columns;
  let row = group.y * TILE + local.y;
  let column = group.x * TILE + local.x;
  if (row < params.rows && column < params.columns) {
    tile[local.y * (TILE + 1u) + local.x] = x[origin + row * params.columns + column];
  }
  workgroupBarrier();
  let outRow = group.x * TILE + local.y;
  let outColumn = group.y * TILE + local.x;
  if (outRow < params.columns && outColumn < params.rows) {
    y[origin + outRow * params.rows + outColumn] = tile[local.x * (TILE + 1u) + local.y];
  }
}
