// The adjoint of gated_residual.wgsl, y = x + gate·z:  dz = gate·dy,  dgate = dy·z.  dx is dy itself.
//
//   z, dy, dz [rows, channels]
//   packed    [rows, packedWidth]; gate is its columns from gateOffset
//   columns   [rows, packedWidth]; dgate goes to the same columns
//
// One invocation an element.

struct Params {
  count: u32, // rows·channels
  channels: u32,
  packedWidth: u32,
  gateOffset: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> z: array<f32>;
@group(0) @binding(2) var<storage, read> packed: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dz: array<f32>;
@group(0) @binding(5) var<storage, read_write> columns: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let at = elementOf(group, groups, index);
  if (at < params.count) {
    let column = at / params.channels * params.packedWidth + params.gateOffset + at % params.channels;
    dz[at] = packed[column] * dy[at];
    columns[column] = dy[at] * z[at];
  }
}

// #include "lib/element.wgsl"
