// The adjoint of flow_grid.wgsl, for one of its results at a time:
//
//   OF_MASK = 0   do[b,0…1] = dgrid·(1 − tanh² o[b,0…1]), do[b,2] = 0
//   OF_MASK = 1   do[b,2] = dmask·σ·(1 − σ) of o[b,2], do[b,0…1] = 0
//
//   o, do [batch, 3, plane]
//   dy    [batch, plane, 2], x and y; or [batch, plane]
//
// One invocation makes one position.

override OF_MASK: u32 = 0;

struct Params {
  batch: u32,
  plane: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> o: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>; // do

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let id = elementOf(group, groups, index);
  if (id >= params.batch * params.plane) {
    return;
  }
  let at = id / params.plane * 3u * params.plane + id % params.plane;
  var made = vec3f();
  if (OF_MASK != 0u) {
    let v = o[at + 2u * params.plane];
    // σ and 1 − σ, neither of which cancels.
    made.z = dy[id] / ((1.0 + exp_exact(-v)) * (1.0 + exp_exact(v)));
  } else {
    let t = vec2f(tanh_exact(o[at]), tanh_exact(o[at + params.plane]));
    made = vec3f(vec2f(dy[2u * id], dy[2u * id + 1u]) * (1.0 - t * t), 0.0);
  }
  dx[at] = made.x;
  dx[at + params.plane] = made.y;
  dx[at + 2u * params.plane] = made.z;
}

// #include "lib/element.wgsl"
// #include "lib/exp_exact.wgsl"
// #include "lib/tanh_exact.wgsl"
