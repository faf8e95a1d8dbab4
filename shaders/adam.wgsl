// One step of Adam on a flat buffer of parameters, `torch.optim.Adam` with `clip_grad_norm_` before it:
//
//   g = gradient·min(1, maxNorm/(norm + 1e-6)), or gradient if maxNorm is 0
//   m ← β₁·m + (1 − β₁)·g,   v ← β₂·v + (1 − β₂)·g²
//   value ← value − rate/(1 − β₁ᵗ)·m/(√v/√(1 − β₂ᵗ) + ε)
//
//   gradient, value, m, v [count]
//   control  [8]: rate/(1 − β₁ᵗ), √(1 − β₂ᵗ), 1 − β₁, 1 − β₂, ε, maxNorm, 0, 0; computed on the host in float64
//   norm     [1]: gradient_norm.wgsl's
//
// One invocation an element.

struct Params {
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: array<f32>;
@group(0) @binding(2) var<storage, read> norm: array<f32>;
@group(0) @binding(3) var<storage, read> gradient: array<f32>;
@group(0) @binding(4) var<storage, read_write> value: array<f32>;
@group(0) @binding(5) var<storage, read_write> m: array<f32>;
@group(0) @binding(6) var<storage, read_write> v: array<f32>;

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
  let maxNorm = control[5];
  var g = gradient[at];
  if (maxNorm > 0.0) {
    g *= min(1.0, maxNorm / (norm[0] + 1e-6));
  }
  m[at] += control[2] * (g - m[at]);
  v[at] += control[3] * (g * g - v[at]);
  value[at] -= control[0] * m[at] / (sqrt(v[at]) / control[1] + control[4]);
}

// #include "lib/element.wgsl"
