// y[r,c] = activation(n·(1 + scale[r,c]) + shift[r,c]),  n = (x[r,c] − mean)/√(variance + eps)·weight[c] + bias[c];
// mean and variance (biased) of x are taken over the channels c of each row r.
//
//   x, y            [rows/inner, channels, inner]; row r is (r / inner, ·, r mod inner). inner is 1 for sequences
//                   [B,T,C], whose rows are contiguous, and T for conv features [B,C,T].
//   weight, bias    [channels]
//   modulation      [rows, modulationWidth]: scale and shift are its columns from scaleOffset and shiftOffset (AdaLN)
//
// One workgroup normalises four rows; the 16 invocations of a row take every 16th channel and share their sums. The
// variance is summed in a second pass, as the mean of (x − mean)²: E[x²] − mean² would cancel. The same pass sums
// x − mean: what is left of it, because the mean was rounded, is taken off both.

override ACTIVATION: u32 = 0; // 0 none, 1 GELU (erf), 2 GELU (tanh), 3 SiLU, 4 tanh; see src/ops/activation.ts

struct Params {
  channels: u32,
  inner: u32,
  rows: u32,
  eps: f32,
  hasAffine: u32,
  isModulated: u32,
  modulationWidth: u32,
  scaleOffset: u32,
  shiftOffset: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> modulation: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

const LANES = 16u;
const ROWS = 4u;

var<workgroup> sums: array<vec2f, 64>;

@compute @workgroup_size(LANES, ROWS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let lane = local.x;
  let row = (group.y * groups.x + group.x) * ROWS + local.y;
  let channels = select(0u, params.channels, row < params.rows);
  let first = row / params.inner * params.inner * params.channels + row % params.inner;
  var sum = 0.0;
  for (var c = lane; c < channels; c += LANES) {
    sum += x[first + c * params.inner];
  }
  let mean = sumOfLanes(vec2f(sum, 0.0), local).x / f32(params.channels);
  var centred = vec2f();
  for (var c = lane; c < channels; c += LANES) {
    let value = x[first + c * params.inner] - mean;
    centred += vec2f(value, value * value);
  }
  let moments = sumOfLanes(centred, local) / f32(params.channels);
  let rest = moments.x;
  let factor = 1.0 / sqrt(moments.y - rest * rest + params.eps);
  for (var c = lane; c < channels; c += LANES) {
    let at = first + c * params.inner;
    var value = (x[at] - mean - rest) * factor;
    if (params.hasAffine != 0u) {
      value = value * weight[c] + bias[c];
    }
    if (params.isModulated != 0u) {
      let columns = row * params.modulationWidth + c;
      value = value * (1.0 + modulation[columns + params.scaleOffset]) + modulation[columns + params.shiftOffset];
    }
    y[at] = activate(value);
  }
}

// The sum of the values of a row's lanes. Each lane adds up all of them: on a CPU barriers cost more than additions.
fn sumOfLanes(value: vec2f, local: vec3u) -> vec2f {
  workgroupBarrier();
  sums[local.y * LANES + local.x] = value;
  workgroupBarrier();
  var sum = vec2f();
  for (var i = 0u; i < LANES; i++) {
    sum += sums[local.y * LANES + i];
  }
  return sum;
}

fn activate(v: f32) -> f32 {
  switch ACTIVATION {
    case 1u: { return 0.5 * v * erfc_exact(-0.70710678 * v); }
    case 2u: { return v / (1.0 + exp_exact(-1.5957691 * (v + 0.044715 * v * v * v))); }
    case 3u: { return v / (1.0 + exp_exact(-v)); }
    case 4u: { return tanh_exact(v); }
    default: { return v; }
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

// tanh by Lambert's continued fraction near 0, by exp elsewhere, where 1 − 2/(e²ᵛ+1) does not cancel.
fn tanh_exact(v: f32) -> f32 {
  let s = v * v;
  let small = v * (945.0 + s * (105.0 + s)) / (945.0 + s * (420.0 + s * 15.0));
  let large = sign(v) * (1.0 - 2.0 / (exp_exact(2.0 * abs(v)) + 1.0));
  return select(large, small, s < 0.36);
}

// erfc(v) for v ≥ 0 is t·exp(−v² + polynomial(t)) with t = 1/(1 + v/2), a Chebyshev fit good to 1.2e-7 of its value
// (Numerical Recipes, Sec. 6.2); erfc(−v) = 2 − erfc(v).
fn erfc_exact(v: f32) -> f32 {
  let z = abs(v);
  let t = 1.0 / (1.0 + 0.5 * z);
  var p = 0.17087277;
  p = p * t - 0.82215223;
  p = p * t + 1.48851587;
  p = p * t - 1.13520398;
  p = p * t + 0.27886807;
  p = p * t - 0.18628806;
  p = p * t + 0.09678418;
  p = p * t + 0.37409196;
  p = p * t + 1.00002368;
  let tail = t * exp_exact(-z * z - 1.26551223 + t * p);
  return select(tail, 2.0 - tail, v < 0.0);
}
