// y[m,n] = residual[m,n] + gate[m,n] · activation(Σ_k x[m,k] · w[n,k] + bias[n])
//
// for few rows m, where a tile of linear.wgsl would be nearly empty.
//
//   x    [rows, inputs]      row-major
//   w    [outputs, inputs]   row-major, as PyTorch stores nn.Linear.weight
//   bias [outputs]
//   gate [rows, gateWidth]   its columns from gateOffset
//   y    [rows, outputs]     as is residual; bias, gate and residual where there are any
//
// Every weight is used once a row: reading them is all the work. One workgroup makes eight values of one row: each of the
// eight lanes of a value sums every eighth term, so that neighbours read neighbouring weights, and the first adds up.

alias Weight = f32; // or f16: how w is stored

override ACTIVATION: u32 = 0; // 0 none, 1 GELU (erf), 2 GELU (tanh), 3 SiLU, 4 tanh; see src/ops/activation.ts

struct Params {
  rows: u32,
  inputs: u32,
  outputs: u32,
  hasBias: u32,
  hasGate: u32,
  gateWidth: u32,
  gateOffset: u32,
  hasResidual: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<Weight>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> gate: array<f32>;
@group(0) @binding(5) var<storage, read> residual: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

const LANES = 8u;
const OUTPUTS = 8u;

var<workgroup> sums: array<f32, 64>; // [output][lane]

@compute @workgroup_size(LANES, OUTPUTS)
fn main(
  @builtin(workgroup_id) tile: vec3u, // outputs, row
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let output = tile.x * OUTPUTS + local.y;
  let row = tile.y;
  let weights = min(output, params.outputs - 1u) * params.inputs;
  var sum = 0.0;
  for (var k = local.x; k < params.inputs; k += LANES) {
    sum += x[row * params.inputs + k] * f32(w[weights + k]);
  }
  sums[index] = sum;
  workgroupBarrier();
  if (output < params.outputs && local.x == 0u) {
    var total = 0.0;
    for (var lane = 0u; lane < LANES; lane++) {
      total += sums[index + lane];
    }
    let at = row * params.outputs + output;
    y[at] = epilogue(total, row, output, at);
  }
}

// What becomes of a sum on its way to y[at], at `row` and `column` of y.
// test/shaders.test.ts keeps the copies in the kernels of linear and conv1d equal.
fn epilogue(sum: f32, row: u32, column: u32, at: u32) -> f32 {
  var value = sum;
  if (params.hasBias != 0u) {
    value += bias[column];
  }
  value = activate(value);
  if (params.hasGate != 0u) {
    value *= gate[row * params.gateWidth + params.gateOffset + column];
  }
  if (params.hasResidual != 0u) {
    value += residual[at];
  }
  return value;
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
