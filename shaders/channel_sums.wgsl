// s[n,c] = Σ_p a[n,c,p] · b[n,c,p] / divisor[n,c]: what a factor of a whole channel has for its gradient.
//
//   a, b    [channels, plane]; without b its values are 1
//   divisor [channels], 1 if not given
//   s       [channels]          channels = batch·channels of a frame
//
// One workgroup of 64 makes one channel: an invocation sums every 64th term, sixteen at a time to round less, and the
// first adds up the 64 sums. The order is fixed.

struct Params {
  channels: u32,
  plane: u32,
  hasB: u32,
  hasDivisor: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> divisor: array<f32>;
@group(0) @binding(4) var<storage, read_write> s: array<f32>;

const LANES = 64u;
const BLOCK = 16u;

var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let channel = group.y * groups.x + group.x;
  let inside = channel < params.channels;
  let start = channel * params.plane;
  var sum = 0.0;
  if (inside) {
    for (var p0 = lane; p0 < params.plane; p0 += BLOCK * LANES) {
      var partial = 0.0;
      for (var p = p0; p < min(p0 + BLOCK * LANES, params.plane); p += LANES) {
        var term = a[start + p];
        if (params.hasB != 0u) {
          term *= b[start + p];
        }
        partial += term;
      }
      sum += partial;
    }
  }
  sums[lane] = sum;
  workgroupBarrier();
  if (inside && lane == 0u) {
    var total = 0.0;
    for (var block = 0u; block < LANES; block += 8u) {
      var partial = 0.0;
      for (var i = 0u; i < 8u; i++) {
        partial += sums[block + i];
      }
      total += partial;
    }
    if (params.hasDivisor != 0u) {
      total /= divisor[channel];
    }
    s[channel] = total;
  }
}
