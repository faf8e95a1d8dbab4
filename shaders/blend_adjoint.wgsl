// The adjoint of blended = warped + (1 − mask)·h in h and mask; that in warped is dy itself:
//
//   dh[b,c,p] = (1 − mask[b,p])·dy[b,c,p]
//   dmask[b,p] = −Σ_c dy[b,c,p]·h[b,c,p]
//
//   h, dh, dy   [batch, channels, plane]
//   mask, dmask [batch, plane]
//
// One invocation makes one position, eight channels at a time summed by themselves.

struct Params {
  batch: u32,
  channels: u32,
  plane: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> mask: array<f32>;
@group(0) @binding(2) var<storage, read> h: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dmask: array<f32>;
@group(0) @binding(5) var<storage, read_write> dh: array<f32>;

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
  let start = id / params.plane * params.channels * params.plane + id % params.plane;
  let m = mask[id];
  var total = 0.0;
  for (var first = 0u; first < params.channels; first += 8u) {
    var partial = 0.0;
    for (var c = first; c < min(first + 8u, params.channels); c++) {
      let at = start + c * params.plane;
      partial += dy[at] * h[at];
      dh[at] = (1.0 - m) * dy[at];
    }
    total += partial;
  }
  dmask[id] = -total;
}

// #include "lib/element.wgsl"
