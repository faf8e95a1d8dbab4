// y[r,c] = s[r]·x[r,c]
//
//   x, y [rows, columns]
//   s    [rows]
//
// One invocation an element.

struct Params {
  count: u32, // rows·columns
  columns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> s: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let at = elementOf(group, groups, index);
  if (at < params.count) {
    y[at] = s[at / params.columns] * x[at];
  }
}

// #include "lib/element.wgsl"
