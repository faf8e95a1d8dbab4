// y[o, offset + r, i] = x[o, r, i]: one operand's part of a concatenation along the middle axis
//
//   x [outer, extent, inner]
//   y [outer, total, inner]
//
// One invocation an element of x.

struct Params {
  count: u32, // outer·extent·inner
  run: u32, // extent·inner: elements that stay together
  totalRun: u32, // total·inner
  offsetRun: u32, // offset·inner
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
  let at = (group.y * groups.x + group.x) * 64u + index;
  if (at < params.count) {
    y[at / params.run * params.totalRun + params.offsetRun + at % params.run] = x[at];
  }
}
