// Mean and sum of squared deviations M₂ of each block of 256 frames, channel by channel: the first step of group norm.
//
//   x      [batch, frames, channels]
//   blocks [batch, blockCount, channels] of (mean, M₂ = Σ_t (x − mean)²)
//
// One invocation makes one block of one channel, neighbours neighbouring channels. It goes over its 256 values twice:
// E[x²] − E[x]² would cancel. Sums are taken sixteen values at a time, to round less.

struct Params {
  frames: u32,
  channels: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> blocks: array<vec2f>;

const BLOCK = 256u;

@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) id: vec3u, // channel, block, batch
  @builtin(num_workgroups) workgroups: vec3u,
) {
  let channel = id.x;
  if (channel >= params.channels) {
    return;
  }
  let first = id.y * BLOCK;
  let last = min(first + BLOCK, params.frames);
  let start = id.z * params.frames * params.channels + channel;

  var sum = 0.0;
  for (var t0 = first; t0 < last; t0 += 16u) {
    var partial = 0.0;
    for (var t = t0; t < min(t0 + 16u, last); t++) {
      partial += x[start + t * params.channels];
    }
    sum += partial;
  }
  let mean = sum / f32(last - first);

  var squares = 0.0;
  for (var t0 = first; t0 < last; t0 += 16u) {
    var partial = 0.0;
    for (var t = t0; t < min(t0 + 16u, last); t++) {
      let deviation = x[start + t * params.channels] - mean;
      partial += deviation * deviation;
    }
    squares += partial;
  }
  blocks[(id.z * workgroups.y + id.y) * params.channels + channel] = vec2f(mean, squares);
}
