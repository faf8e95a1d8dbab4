// y[r,c] = x[rows[r], c]
//
//   x    [some, columns]
//   rows [r]            numbers of rows of x
//   y    [r, columns]
//
// One workgroup makes a piece of a row, each invocation every 64th element of it: that takes no division.

struct Params {
  columns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> rows: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

const PIECE = 512u;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u, // piece, row
  @builtin(local_invocation_index) index: u32,
) {
  let given = u32(rows[group.y]) * params.columns;
  let made = group.y * params.columns;
  let end = min((group.x + 1u) * PIECE, params.columns);
  for (var column = group.x * PIECE + index; column < end; column += 64u) {
    y[made + column] = x[given + column];
  }
}
