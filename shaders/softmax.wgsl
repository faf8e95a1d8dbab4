// y[r,c] = exp(x[r,c] − m) / Σ_c exp(x[r,c] − m),  m the largest x of row r
//
//   x, y [rows, channels]
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
  var largest = x[first];
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

// WGSL promises little for exp; this holds to a few units in the last place on every adapter.
// test/shaders.test.ts keeps all copies of these functions equal.

// e^v = 2^n · e^r with |r| ≤ ln2/2, ln 2 in two parts so that v − n·ln 2 is exact; Taylor series for e^r.
fn exp_exact(v: f32) -> f32 {
  let x = clamp(v, -87.0, 88.0);
  let n = round(x * 1.442695);
  let r = (x - n * 0.693359375) + n * 2.1219444e-4;
  var p = 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  return ldexp((p * r * r + r) + 1.0, i32(n));
}
