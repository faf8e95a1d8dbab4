// The end of a product whose sums were dealt out to several workgroups (see linear.wgsl, conv1d.wgsl):
//
//   y[m,n] = residual[m,n] + gate[m,n] · activation(Σ_split partial[split,m,n] + bias[n])
//
//   partial [splits, rows, outputs]
//   bias    [outputs]
//   gate    [rows, gateWidth]  its columns from gateOffset
//   y       [rows, outputs]    as is residual; bias, gate and residual where there are any
//
// One invocation makes one value of y.

struct Params {
  count: u32, // rows · outputs
  outputs: u32,
  splits: u32,
  hasBias: u32,
  hasGate: u32,
  gateWidth: u32,
  gateOffset: u32,
  hasResidual: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read> gate: array<f32>;
@group(0) @binding(4) var<storage, read> residual: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

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
  // Four parts at a time, so that their loads are under way together.
  var sum = 0.0;
  for (var split = 0u; split < params.splits; split += 4u) {
    let part = split + vec4u(0u, 1u, 2u, 3u);
    let known = part < vec4u(params.splits);
    let places = select(vec4u(), part, known) * params.count + at;
    let values = vec4f(partial[places.x], partial[places.y], partial[places.z], partial[places.w]);
    sum += dot(select(vec4f(), values, known), vec4f(1.0));
  }
  y[at] = epilogue(sum, at / params.outputs, at % params.outputs, at);
}

// #include "lib/element.wgsl"
// #include "lib/epilogue.wgsl"
