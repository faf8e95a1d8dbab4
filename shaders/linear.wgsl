// y[m,n] = residual[m,n] + gate[m,n] · activation(Σ_k x[m,k] · w[n,k] + bias[n])
//
//   x    [rows, inputs]      row-major
//   w    [outputs, inputs]   row-major, as PyTorch stores nn.Linear.weight
//   bias [outputs]
//   gate [rows, gateWidth]   its columns from gateOffset
//   y    [rows, outputs]     as is residual; bias, gate and residual where there are any
//
// One workgroup makes a 64×64 tile of y with 8×8 invocations, four blocks of 4×4 each: rows 4i … 4i+3 and 32 further
// down, columns 4j … 4j+3 and 32 further right. Sixteen columns of k at a time, the workgroup copies a 64×16 panel of x
// and one of w to shared memory, transposed so that an invocation reads four rows (or four columns) as one vec4. Each
// panel is summed by itself before it joins the total: the rounding error of a long sum then grows with
// √16 + √(inputs/16) instead of √inputs.

struct Params {
  rows: u32,
  inputs: u32,
  outputs: u32,
  hasBias: u32,
  hasGate: u32,
  gateWidth: u32,
  gateOffset: u32,
  hasResidual: u32,
  activation: u32, // 0 none, 1 GELU (erf), 2 GELU (tanh), 3 SiLU, 4 tanh; see src/ops/activation.ts
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> gate: array<f32>;
@group(0) @binding(5) var<storage, read> residual: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

const TILE = 64u;
const PANEL = 16u;

var<workgroup> xPanel: array<vec4f, 256>; // [k][row/4]
var<workgroup> wPanel: array<vec4f, 256>; // [k][column/4]

@compute @workgroup_size(8, 8)
fn main(
  @builtin(workgroup_id) tile: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let row0 = tile.y * TILE;
  let column0 = tile.x * TILE;
  // Copying: an invocation brings one k of four rows of each panel, four times. Neighbours bring neighbouring k.
  // Beyond the last k come zeros; rows and columns beyond the last are not stored in the end and may be copies of it.
  let copyK = index % PANEL;
  var total = array<vec4f, 16>(); // [row][left, right]
  for (var k0 = 0u; k0 < params.inputs; k0 += PANEL) {
    let known = k0 + copyK < params.inputs;
    let k = select(0u, k0 + copyK, known);
    for (var group = index / PANEL; group < TILE / 4u; group += 4u) {
      let offset = group * 4u + vec4u(0u, 1u, 2u, 3u);
      let xAt = min(row0 + offset, vec4u(params.rows - 1u)) * params.inputs + k;
      let wAt = min(column0 + offset, vec4u(params.outputs - 1u)) * params.inputs + k;
      xPanel[copyK * 16u + group] = select(vec4f(), vec4f(x[xAt.x], x[xAt.y], x[xAt.z], x[xAt.w]), known);
      wPanel[copyK * 16u + group] = select(vec4f(), vec4f(w[wAt.x], w[wAt.y], w[wAt.z], w[wAt.w]), known);
    }
    workgroupBarrier();
    var partial = array<vec4f, 16>();
    for (var k = 0u; k < PANEL; k++) {
      let upper = xPanel[k * 16u + local.y];
      let lower = xPanel[k * 16u + local.y + 8u];
      let left = wPanel[k * 16u + local.x];
      let right = wPanel[k * 16u + local.x + 8u];
      partial[0] = fma(vec4f(upper.x), left, partial[0]);
      partial[1] = fma(vec4f(upper.x), right, partial[1]);
      partial[2] = fma(vec4f(upper.y), left, partial[2]);
      partial[3] = fma(vec4f(upper.y), right, partial[3]);
      partial[4] = fma(vec4f(upper.z), left, partial[4]);
      partial[5] = fma(vec4f(upper.z), right, partial[5]);
      partial[6] = fma(vec4f(upper.w), left, partial[6]);
      partial[7] = fma(vec4f(upper.w), right, partial[7]);
      partial[8] = fma(vec4f(lower.x), left, partial[8]);
      partial[9] = fma(vec4f(lower.x), right, partial[9]);
      partial[10] = fma(vec4f(lower.y), left, partial[10]);
      partial[11] = fma(vec4f(lower.y), right, partial[11]);
      partial[12] = fma(vec4f(lower.z), left, partial[12]);
      partial[13] = fma(vec4f(lower.z), right, partial[13]);
      partial[14] = fma(vec4f(lower.w), left, partial[14]);
      partial[15] = fma(vec4f(lower.w), right, partial[15]);
    }
    for (var i = 0u; i < 16u; i++) {
      total[i] += partial[i];
    }
    workgroupBarrier();
  }
  for (var i = 0u; i < 16u; i++) {
    let row = row0 + (local.y + i / 8u * 8u) * 4u + i / 2u % 4u;
    for (var j = 0u; j < 4u; j++) {
      let column = column0 + (local.x + i % 2u * 8u) * 4u + j;
      if (row < params.rows && column < params.outputs) {
        let at = row * params.outputs + column;
        y[at] = epilogue(total[i][j], row, column, at);
      }
    }
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
  switch params.activation {
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
