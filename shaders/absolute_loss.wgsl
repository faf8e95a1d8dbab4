// How far two pictures are apart, channel by channel:
//
//   sums[c] = factors · (Σ_p |a[c,p] − b[c,p]|, Σ_p map[n,p]·|a[c,p] − b[c,p]|),  c a channel of frame n
//
//   a, b [batch·channels, plane]
//   map  [batch, plane]; without it the second is 0
//   sums [batch·channels, 2]; sum_rows.wgsl adds them up
//
// One workgroup of 64 makes one channel: an invocation sums every 64th term, sixteen at a time to round less, and the
// first adds up the 64 sums. The order is fixed.

struct Params {
  batch: u32,
  channels: u32,
  plane: u32,
  hasMap: u32,
  plainFactor: f32,
  mappedFactor: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> map: array<f32>;
@group(0) @binding(4) var<storage, read_write> sums: array<vec2f>;

const LANES = 64u;
const BLOCK = 16u;

var<workgroup> shares: array<vec2f, 64>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let channel = group.y * groups.x + group.x;
  let inside = channel < params.batch * params.channels;
  let start = channel * params.plane;
  let mapStart = channel / params.channels * params.plane;
  var sum = vec2f();
  if (inside) {
    for (var p0 = lane; p0 < params.plane; p0 += BLOCK * LANES) {
      var partial = vec2f();
      for (var p = p0; p < min(p0 + BLOCK * LANES, params.plane); p += LANES) {
        let size = abs(a[start + p] - b[start + p]);
        partial.x += size;
        if (params.hasMap != 0u) {
          partial.y += map[mapStart + p] * size;
        }
      }
      sum += partial;
    }
  }
  shares[lane] = sum;
  workgroupBarrier();
  if (inside && lane == 0u) {
    var total = vec2f();
    for (var block = 0u; block < LANES; block += 8u) {
      var partial = vec2f();
      for (var i = 0u; i < 8u; i++) {
        partial += shares[block + i];
      }
      total += partial;
    }
    sums[channel] = total * vec2f(params.plainFactor, params.mappedFactor);
  }
}
