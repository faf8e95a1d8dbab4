// The loss of logits, each by itself, and its slope:
//
//   terms[i] = factor·softplus(s·x[i]),   softplus(v) = ln(1 + e^v) = max(v, 0) + ln(1 + e^−|v|)
//   dx[i]    = slope·s·σ(s·x[i])
//
//   x, terms, dx [count]
//
// One invocation an element. ln(1 + e) is summed as 2·artanh(z), z = e/(2 + e) ≤ ⅓, for WGSL's log may be off in the
// fourth digit; the first term left out is below 10⁻⁹ of the sum.

struct Params {
  count: u32,
  s: f32, // 1 or −1
  factor: f32,
  slope: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> terms: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let at = elementOf(group, groups, index);
  if (at >= params.count) {
    return;
  }
  let v = params.s * x[at];
  let e = exp_exact(-abs(v));
  let z = e / (2.0 + e);
  let z2 = z * z;
  var series = 0.0;
  for (var odd = 17; odd > 0; odd -= 2) {
    series = fma(series, z2, 1.0 / f32(odd));
  }
  terms[at] = params.factor * (max(v, 0.0) + 2.0 * z * series);
  dx[at] = params.slope * params.s * select(e, 1.0, v >= 0.0) / (1.0 + e);
}

// #include "lib/element.wgsl"
// #include "lib/exp_exact.wgsl"
