// y[i] = x[i], stored otherwise; what is beyond the largest f16, ±65504, becomes infinity
//
//   x, y [count]
//
// One invocation an element.

alias Value = f32; // or f16: how y is stored

struct Params {
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<Value>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let at = elementOf(group, groups, index);
  if (at < params.count) {
    y[at] = Value(half_range(x[at]));
  }
}

// #include "lib/element.wgsl"
// #include "lib/half_range.wgsl"
