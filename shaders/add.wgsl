// y[o,r,i] = x[o,r,i] + z[o,i]
//
//   x, y [outer, repeats, inner]
//   z    [outer, inner]          the same for every repeat
//
// One invocation an element.

struct Params {
  count: u32, // outer·repeats·inner
  repeats: u32,
  inner: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> z: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let at = elementOf(group, groups, index);
  if (at < params.count) {
    let outer = at / (params.repeats * params.inner);
    y[at] = x[at] + z[outer * params.inner + at % params.inner];
  }
}

// #include "lib/element.wgsl"
