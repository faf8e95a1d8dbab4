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
  let at = elementOf(group, groups, index);
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
    case 7u: { return select(0.0, 1.0, v > 0.0); }
    default: { return 1.0; }
  }
}

// σ(v) and 1 − σ(v), neither of which cancels.
fn sigmoid(v: f32) -> vec2f {
  return 1.0 / (1.0 + vec2f(exp_exact(-v), exp_exact(v)));
}

// #include "lib/element.wgsl"
// #include "lib/erfc_exact.wgsl"
// #include "lib/exp_exact.wgsl"
// #include "lib/tanh_exact.wgsl"
