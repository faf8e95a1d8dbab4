// v[i] = u[i] + γ_a·(a[i] − u[i]) + γ_e·(all[i] − a[i])
//
//   fields [3, count]   u, a, all: the field without audio and emotion, with audio alone, with both
//   scales [2]          γ_a, γ_e
//   v      [count]
//
// One invocation an element.

struct Params {
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> fields: array<f32>;
@group(0) @binding(2) var<storage, read> scales: array<f32>;
@group(0) @binding(3) var<storage, read_write> v: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let at = elementOf(group, groups, index);
  if (at < params.count) {
    let u = fields[at];
    let a = fields[params.count + at];
    let all = fields[2u * params.count + at];
    v[at] = u + scales[0] * (a - u) + scales[1] * (all - a);
  }
}

// #include "lib/element.wgsl"
