// y[r,c] = x[r,c] + gate[r,c]·z[r,c]
//
//   x, z, y [rows, channels]
//   packed  [rows, packedWidth]; gate is its columns from gateOffset
//
// One invocation an element.

struct Params {
  count: u32, // rows·channels
  channels: u32,
  packedWidth: u32,
  gateOffset: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> z: array<f32>;
@group(0) @binding(3) var<storage, read> packed: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let at = elementOf(group, groups, index);
  if (at < params.count) {
    let gate = packed[at / params.channels * params.packedWidth + params.gateOffset + at % params.channels];
    y[at] = x[at] + gate * z[at];
  }
}

// #include "lib/element.wgsl"
