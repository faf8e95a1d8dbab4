// squares[o,i] = Σ_k w[k,i,o]², what demodulation.wgsl knows of a convolution's weights
//
//   w       [taps, inputs, stride], stride = outputs rounded up to 4
//   squares [outputs, inputs]
//
// One invocation an element of squares.

struct Params {
  taps: u32,
  inputs: u32,
  outputs: u32,
  stride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> squares: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let at = elementOf(group, groups, index);
  if (at >= params.outputs * params.inputs) {
    return;
  }
  let start = at % params.inputs * params.stride + at / params.inputs;
  var sum = 0.0;
  for (var k = 0u; k < params.taps; k++) {
    let value = w[start + k * params.inputs * params.stride];
    sum = fma(value, value, sum);
  }
  squares[at] = sum;
}

// #include "lib/element.wgsl"
