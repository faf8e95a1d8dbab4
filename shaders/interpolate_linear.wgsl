// y[b,t,c] = (1 − f) · x[b,i,c] + f · x[b,i+1,c]  at position i + f = t · (frames − 1) / (outFrames − 1)
//
//   x [batch, frames, channels]
//   y [batch, outFrames, channels]
//
// First frame goes to first, last to last (align_corners). The position is a quotient of integers: i is exact and f
// correctly rounded, however long the clip, where t · scale in float32 would be off by its own rounding.
// One invocation makes one element.

struct Params {
  frames: u32,
  outFrames: u32,
  channels: u32,
  count: u32, // batch · outFrames · channels
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let e = (workgroup.y * workgroups.x + workgroup.x) * 256u + index;
  if (e >= params.count) {
    return;
  }
  let channel = e % params.channels;
  let t = e / params.channels % params.outFrames;
  let batch = e / (params.channels * params.outFrames);
  let numerator = t * (params.frames - 1u);
  let denominator = max(params.outFrames - 1u, 1u);
  let i = numerator / denominator;
  let f = f32(numerator % denominator) / f32(denominator);
  let at = (batch * params.frames + i) * params.channels + channel;
  let next = select(0u, params.channels, i + 1u < params.frames);
  y[e] = fma(f, x[at + next], (1.0 - f) * x[at]);
}
