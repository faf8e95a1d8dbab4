// da[c,p] = sign(a[c,p] − b[c,p])·(plain + mapped·map[n,p]), the adjoint of absolute_loss.wgsl; c a channel of frame n.
// Where |a − b| has no slope it is 0, as in PyTorch.
//
//   a, b, da [batch·channels, plane]
//   map      [batch, plane]
//
// One invocation an element.

struct Params {
  count: u32, // batch·channels·plane
  channels: u32,
  plane: u32,
  hasMap: u32,
  plain: f32,
  mapped: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> map: array<f32>;
@group(0) @binding(4) var<storage, read_write> da: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let at = elementOf(group, groups, index);
  if (at >= params.count) {
    return;
  }
  var factor = params.plain;
  if (params.hasMap != 0u) {
    factor += params.mapped * map[at / (params.channels * params.plane) * params.plane + at % params.plane];
  }
  da[at] = sign(a[at] - b[at]) * factor;
}

// #include "lib/element.wgsl"
