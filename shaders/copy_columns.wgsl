// y[r, to + c] = x[r, from + c],  c = 0 … columns − 1
//
//   x [rows, xWidth]
//   y [rows, yWidth]; its other columns stay as they are
//
// One invocation an element.

struct Params {
  count: u32, // rows·columns
  columns: u32,
  xWidth: u32,
  yWidth: u32,
  xOffset: u32, // from
  yOffset: u32, // to
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let at = elementOf(group, groups, index);
  if (at < params.count) {
    let row = at / params.columns;
    let column = at % params.columns;
    y[row * params.yWidth + params.yOffset + column] = x[row * params.xWidth + params.xOffset + column];
  }
}

// #include "lib/element.wgsl"
