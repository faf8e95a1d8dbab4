// y[i] = x[i], stored otherwise; what is beyond ±65504, the largest f16, becomes that
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
    y[at] = Value(clamp(x[at], -65504.0, 65504.0));
  }
}

// #include "lib/element.wgsl"
