// y[b,t,o] = residual[b,t,o] + gate[b,t,o] · activation(z + bias[o]),
// z = Σ_{j,c} w[o,j,c] · x[b, t·stride + j − padding, first(o) + c]
//
//   x    [batch, frames, channels]            zero outside 0 ≤ frame < frames
//   w    [outChannels, taps, channels/groups] taps before channels: the order in which a window lies in x
//   bias [outChannels]
//   gate [batch, outFrames, gateWidth]    its columns from gateOffset
//   y    [batch, outFrames, outChannels]  as is residual; bias, gate and residual where there are any
//
// In sequence layout a convolution is the matrix product of linear.wgsl whose row t is the window of x under output
// frame t: depth k = j · inputs + c of it is x at frame t·stride + j − padding, channel c. Each group of channels is a
// product of its own, `inputs` wide; first(o) is the first channel of o's group.
//
// As there, one workgroup makes a 64×64 tile of y (frames × channels of one group) with 16×16 invocations, a 4×4 block
// each, from panels 16 deep in shared memory; each panel is summed by itself before it joins the total.

alias Weight = f32; // or f16: how w is stored

override ACTIVATION: u32 = 0; // 0 none, 1 GELU (erf), 2 GELU (tanh), 3 SiLU, 4 tanh; see src/ops/activation.ts

struct Params {
  frames: u32,
  channels: u32,
  outFrames: u32,
  outChannels: u32,
  taps: u32,
  stride: u32,
  padding: u32,
  groups: u32,
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

const TILE = 64u;
const PANEL = 16u;

var<workgroup> xPanel: array<vec4f, 256>; // [k][frame/4]
var<workgroup> wPanel: array<vec4f, 256>; // [k][channel/4]

@compute @workgroup_size(16, 16)
fn main(
  @builtin(workgroup_id) tile: vec3u, // channels, frames, batch · groups
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let inputs = params.channels / params.groups;
  let outputs = params.outChannels / params.groups;
  let depth = params.taps * inputs;
  let batch = tile.z / params.groups;
  let group = tile.z % params.groups;
  let frame0 = tile.y * TILE;
  let channel0 = tile.x * TILE;
  // Copying: an invocation brings one k of four rows of each panel. Neighbours bring neighbouring k.
  let copyK = index % PANEL;
  let copyRow = index / PANEL * 4u;
  var total = array<vec4f, 4>();
  for (var k0 = 0u; k0 < depth; k0 += PANEL) {
    let k = k0 + copyK;
    var xValues = vec4f();
    var wValues = vec4f();
    if (k < depth) {
      let tap = k / inputs;
      let channel = group * inputs + k % inputs;
      for (var i = 0u; i < 4u; i++) {
        let outFrame = frame0 + copyRow + i;
        let frame = outFrame * params.stride + tap - params.padding; // below 0 it wraps to more than params.frames
        if (outFrame < params.outFrames && frame < params.frames) {
          xValues[i] = x[(batch * params.frames + frame) * params.channels + channel];
        }
        let outChannel = channel0 + copyRow + i;
        if (outChannel < outputs) {
          wValues[i] = f32(w[(group * outputs + outChannel) * depth + k]);
        }
      }
    }
    xPanel[copyK * 16u + copyRow / 4u] = xValues;
    wPanel[copyK * 16u + copyRow / 4u] = wValues;
    workgroupBarrier();
    var partial = array<vec4f, 4>();
    for (var k = 0u; k < PANEL; k++) {
      let a = xPanel[k * 16u + local.y];
      let b = wPanel[k * 16u + local.x];
      partial[0] = fma(vec4f(a.x), b, partial[0]);
      partial[1] = fma(vec4f(a.y), b, partial[1]);
      partial[2] = fma(vec4f(a.z), b, partial[2]);
      partial[3] = fma(vec4f(a.w), b, partial[3]);
    }
    for (var i = 0u; i < 4u; i++) {
      total[i] += partial[i];
    }
    workgroupBarrier();
  }
  for (var i = 0u; i < 4u; i++) {
    let frame = frame0 + local.y * 4u + i;
    for (var j = 0u; j < 4u; j++) {
      let channel = channel0 + local.x * 4u + j;
      if (frame < params.outFrames && channel < outputs) {
        let outChannel = group * outputs + channel;
        let row = batch * params.outFrames + frame;
        let at = row * params.outChannels + outChannel;
        y[at] = epilogue(total[i][j], row, outChannel, at);
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
