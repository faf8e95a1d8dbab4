// y[i] = activation(scale·x[i])
//
//   x, y [count]
//
// One invocation an element.

struct Params {
  count: u32,
  scale: f32,
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
    y[at] = activate(params.scale * x[at]);
  }
}

// #include "lib/activation.wgsl"
// #include "lib/element.wgsl"
