// y[r,c] = x[rows[r], c]
//
//   x    [some, columns]
//   rows [count/columns]   numbers of rows of x
//   y    [count/columns, columns]
//
// One invocation an element of y.

struct Params {
  count: u32,
  columns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> rows: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let at = (group.y * groups.x + group.x) * 64u + index;
  if (at < params.count) {
    y[at] = x[u32(rows[at / params.columns]) * params.columns + at % params.columns];
  }
}
