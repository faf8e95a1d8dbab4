// The end of a convolution whose sum was dealt out to several workgroups (see conv2d.wgsl):
//
//   y[b,o,p] = (activation(outScale[b,o] · Σ_split partial[split,b,o,p] + bias[o]) + addend[b,o,p]) · factor
//
//   partial  [splits, batch, outputs, plane]
//   outScale [batch, outputs] from outScaleOffset, bias [outputs], addend and y [batch, outputs, plane]
//
// One invocation makes one value of y.

alias Value = f32; // or f16: how addend and y are stored

struct Params {
  count: u32, // batch · outputs · plane
  outputs: u32,
  plane: u32,
  splits: u32,
  hasOutScale: u32,
  outScaleOffset: u32,
  hasBias: u32,
  hasAddend: u32,
  leaky: u32,
  factor: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read> outScale: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> addend: array<Value>;
@group(0) @binding(5) var<storage, read_write> y: array<Value>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let at = elementOf(workgroup, workgroups, index);
  if (at >= params.count) {
    return;
  }
  var sum = 0.0;
  for (var split = 0u; split < params.splits; split++) {
    sum += partial[split * params.count + at];
  }
  let channel = at / params.plane;
  y[at] = Value(finish(sum, channel % params.outputs, channel, at));
}

// #include "lib/element.wgsl"
// #include "lib/finish.wgsl"
