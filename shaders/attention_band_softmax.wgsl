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
  let at = elementOf(group, groups, index);
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

// #include "lib/element.wgsl"
// #include "lib/exp_exact.wgsl"
