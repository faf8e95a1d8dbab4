// dx[i] = scale·f′(scale·x[i])·dy[i], the adjoint of activate.wgsl
//
//   x, dy, dx [count]
//
// One invocation an element. With σ the logistic function, Φ and φ the normal distribution and its density:
//
//   GELU (erf)    Φ(v) + v·φ(v)
//   GELU (tanh)   v·σ(u) with u = 2√(2/π)·(v + 0.044715·v³):  σ + v·σ·(1 − σ)·u′
//   SiLU          σ + v·σ·(1 − σ)
//   tanh          1 − tanh²

override ACTIVATION: u32 = 0; // as in src/ops/elementwise.ts

struct Params {
  count: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let at = (group.y * groups.x + group.x) * 64u + index;
  if (at < params.count) {
    dx[at] = params.scale * slope(params.scale * x[at]) * dy[at];
  }
}

fn slope(v: f32) -> f32 {
  switch ACTIVATION {
    case 1u: { return 0.5 * erfc_exact(-0.70710678 * v) + v * 0.39894228 * exp_exact(-0.5 * v * v); }
    case 2u: {
      let s = sigmoid(1.5957691 * (v + 0.044715 * v * v * v));
      return s.x + v * s.x * s.y * 1.5957691 * (1.0 + 0.134145 * v * v);
    }
    case 3u: {
      let s = sigmoid(v);
      return s.x + v * s.x * s.y;
    }
    case 4u: {
      let t = tanh_exact(v);
      return 1.0 - t * t;
    }
    case 5u: {
      let s = sigmoid(v);
      return s.x * s.y;
    }
    case 6u: { return select(0.2, 1.0, v > 0.0); }
    default: { return 1.0; }
  }
}

// σ(v) and 1 − σ(v), neither of which cancels.
fn sigmoid(v: f32) -> vec2f {
  return 1.0 / (1.0 + vec2f(exp_exact(-v), exp_exact(v)));
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
