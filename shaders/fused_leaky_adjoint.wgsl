// The adjoint of FusedLeakyReLU, y = leakyrelu(v, 0.2)·√2: dv = slope·dy. As the function keeps signs, y tells the
// slope and v need not be kept.
//
//   y, dy, dv [count]
//
// One invocation an element.

struct Params {
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dv: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let at = elementOf(group, groups, index);
  if (at < params.count) {
    dv[at] = select(0.28284271, 1.41421356, y[at] > 0.0) * dy[at];
  }
}

// #include "lib/element.wgsl"
