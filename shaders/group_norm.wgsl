// y[b,t,c] = activation((x[b,t,c] − mean[b,g]) · rstd[b,g] · weight[c] + bias[c]),   g = c / (channels/groups)
//
//   x, y         [batch, frames, channels]
//   moments      [batch, groups] of (mean, rstd = 1/√(variance + ε)), from group_norm_merge.wgsl
//   weight, bias [channels]
//
// One invocation makes one element.

struct Params {
  frames: u32,
  channels: u32,
  groups: u32,
  count: u32, // batch · frames · channels
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> moments: array<vec2f>;
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let i = (workgroup.y * workgroups.x + workgroup.x) * 256u + index;
  if (i >= params.count) {
    return;
  }
  let channel = i % params.channels;
  let batch = i / (params.channels * params.frames);
  let group = channel / (params.channels / params.groups);
  let m = moments[batch * params.groups + group];
  y[i] = activate((x[i] - m.x) * m.y * weight[channel] + bias[channel]);
}

// #include "lib/activation.wgsl"
