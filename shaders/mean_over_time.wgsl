// y[b,c] = Σ_t x[b,t,c] / frames
//
//   x [batch, frames, channels]
//   y [batch, channels]
//
// One workgroup of 16×4 makes 16 channels: invocation (c, lane) sums frames lane, lane + 4, … of channel c, thirty-two
// at a time to round less, and the first lane adds up the four sums.

struct Params {
  frames: u32,
  channels: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

const LANES = 4u;

var<workgroup> sums: array<f32, 64>; // [lane][channel]

@compute @workgroup_size(16, LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u, // channels, batch
  @builtin(local_invocation_id) local: vec3u,
) {
  let channel = workgroup.x * 16u + local.x;
  let lane = local.y;
  let inside = channel < params.channels;
  let start = workgroup.y * params.frames * params.channels + channel;
  var sum = 0.0;
  if (inside) {
    for (var t0 = lane; t0 < params.frames; t0 += 32u * LANES) {
      var partial = 0.0;
      for (var t = t0; t < min(t0 + 32u * LANES, params.frames); t += LANES) {
        partial += x[start + t * params.channels];
      }
      sum += partial;
    }
  }
  sums[lane * 16u + local.x] = sum;
  workgroupBarrier();
  if (inside && lane == 0u) {
    var total = 0.0;
    for (var l = 0u; l < LANES; l++) {
      total += sums[l * 16u + local.x];
    }
    y[workgroup.y * params.channels + channel] = total / f32(params.frames);
  }
}
