// The normalisation of layer_norm.wgsl over the last axis, for adapters that are a processor: an invocation makes a whole row,
// without shared memory and barriers, which cost more there than they save.
//
//   y[r,c] = activation(n·(1 + scale[r,c]) + shift[r,c]),  n = (x[r,c] − mean)/√(variance + eps)·weight[c] + bias[c]
//
//   x, y            [rows, channels/4]
//   weight, bias    [channels/4]
//   modulation      [rows, modulationWidth/4]: scale and shift are its columns from scaleOffset and shiftOffset (AdaLN)
//
// Channels, modulationWidth and offsets come in fours. The sums over a row are as in layer_norm.wgsl.

override ACTIVATION: u32 = 0; // 0 none, 1 GELU (erf), 2 GELU (tanh), 3 SiLU, 4 tanh; see src/ops/activation.ts

struct Params {
  channels: u32,
  inner: u32, // 1 here
  rows: u32,
  eps: f32,
  hasAffine: u32,
  isModulated: u32,
  modulationWidth: u32,
  scaleOffset: u32,
  shiftOffset: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read> modulation: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let row = (group.y * groups.x + group.x) * 8u + index;
  if (row >= params.rows) {
    return;
  }
  let channels = params.channels / 4u;
  let first = row * channels;
  var sum = vec4f();
  for (var c = 0u; c < channels; c++) {
    sum += x[first + c];
  }
  let mean = total(sum) / f32(params.channels);
  var centred = vec4f();
  var squares = vec4f();
  for (var c = 0u; c < channels; c++) {
    let value = x[first + c] - mean;
    centred += value;
    squares += value * value;
  }
  let rest = total(centred) / f32(params.channels);
  let factor = 1.0 / sqrt(total(squares) / f32(params.channels) - rest * rest + params.eps);
  for (var c = 0u; c < channels; c++) {
    var value = (x[first + c] - mean - rest) * factor;
    if (params.hasAffine != 0u) {
      value = value * weight[c] + bias[c];
    }
    if (params.isModulated != 0u) {
      let columns = row * (params.modulationWidth / 4u) + c;
      value = value * (1.0 + modulation[columns + params.scaleOffset / 4u]) + modulation[columns + params.shiftOffset / 4u];
    }
    if (ACTIVATION != 0u) {
      value = vec4f(activate(value.x), activate(value.y), activate(value.z), activate(value.w));
    }
    y[first + c] = value;
  }
}

fn total(v: vec4f) -> f32 {
  return (v.x + v.y) + (v.z + v.w);
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
