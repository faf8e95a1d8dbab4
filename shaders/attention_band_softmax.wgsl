// In place, the softmax of each row of the band and its adjoint:
//
//   p[i,n]  = exp(score[i,n] − max_n score[i,n]) / Σ_n …
//   ds[i,n] = p[i,n]·(dp[i,n] − Σ_m p[i,m]·dp[i,m])
//
//   score, then p   [rows, band]; BLOCKED scores give 0
//   dp, then ds     [rows, band]
//
// One invocation a row: a band is a few entries.

struct Params {
  rows: u32,
  band: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> score: array<f32>;
@group(0) @binding(2) var<storage, read_write> dp: array<f32>;

const BLOCKED = -3.0e38;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let at = (group.y * groups.x + group.x) * 64u + index;
  if (at >= params.rows) {
    return;
  }
  let first = at * params.band;
  let end = first + params.band;
  var largest = BLOCKED;
  for (var n = first; n < end; n++) {
    largest = max(largest, score[n]);
  }
  var total = 0.0;
  for (var n = first; n < end; n++) {
    var e = 0.0;
    if (score[n] > BLOCKED) {
      e = exp_exact(score[n] - largest);
    }
    score[n] = e;
    total += e;
  }
  var mean = 0.0;
  for (var n = first; n < end; n++) {
    let p = score[n] / total;
    score[n] = p;
    mean += p * dp[n];
  }
  for (var n = first; n < end; n++) {
    dp[n] = score[n] * (dp[n] - mean);
  }
}

// WGSL promises little for exp and tanh and has no erf; these hold to a few units in the last place on every adapter.
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
