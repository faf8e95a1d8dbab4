// dw[k,i,o] = 2·w[k,i,o]·dsquares[o,i], the adjoint of weight_squares.wgsl; zeros for o ≥ outputs
//
//   w, dw    [taps, inputs, stride], stride = outputs rounded up to 4
//   dsquares [outputs, inputs]
//
// One invocation an element of dw.

struct Params {
  count: u32, // taps·inputs·stride
  inputs: u32,
  outputs: u32,
  stride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> dsquares: array<f32>;
@group(0) @binding(3) var<storage, read_write> dw: array<f32>;

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
  let output = at % params.stride;
  let input = at / params.stride % params.inputs;
  var value = 0.0;
  if (output < params.outputs) {
    value = 2.0 * w[at] * dsquares[output * params.inputs + input];
  }
  dw[at] = value;
}

// #include "lib/element.wgsl"
