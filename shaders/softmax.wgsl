// y[r,c] = exp(x[r,c] − m) / Σ_c exp(x[r,c] − m),  m the largest x of row r
//
//   x, y [rows, channels]
//
// max may drop a NaN, or keep it: exp(NaN − m) and exp(x − NaN) are NaN both.
//
// One workgroup a row; its 16 invocations take every 16th channel and share the largest value and the sum.

struct Params {
  rows: u32,
  channels: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

const LANES = 16u;
const LOWEST = -3.4028234e38; // −∞ − −∞ would be NaN where other scores are finite

var<workgroup> lanes: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.y * groups.x + group.x;
  if (row >= params.rows) {
    return;
  }
  let first = row * params.channels;
  var largest = LOWEST;
  for (var c = lane; c < params.channels; c += LANES) {
    largest = max(largest, x[first + c]);
  }
  lanes[lane] = largest;
  workgroupBarrier();
  for (var i = 0u; i < LANES; i++) {
    largest = max(largest, lanes[i]);
  }
  workgroupBarrier();
  var sum = 0.0;
  for (var c = lane; c < params.channels; c += LANES) {
    sum += exp_exact(x[first + c] - largest);
  }
  lanes[lane] = sum;
  workgroupBarrier();
  var total = 0.0;
  for (var i = 0u; i < LANES; i++) {
    total += lanes[i];
  }
  for (var c = lane; c < params.channels; c += LANES) {
    y[first + c] = exp_exact(x[first + c] - largest) / total;
  }
}

// #include "lib/exp_exact.wgsl"
