// 1×1 convolution to at most four channels, as the picture and flow layers have it:
//
//   y[b,o,p] = activation(Σ_i w[i,o] · s[b,i] · x[b,i,p] + bias[o]) + shift[o]
//
//   x     [batch, inputs, plane]
//   w     [inputs, 4], zero beyond `outputs`
//   style s = style[styleOffset + b·styleStride + i]
//   bias, shift [outputs]
//   y     [batch, outputs, plane]
//
// As pointwise.wgsl, for processors: an input at a time, for loads that are under way together gain them nothing, and
// what it takes to mask them costs. One invocation makes all channels of one position p. Sixteen inputs are summed by
// themselves.

alias Value = f32; // or f16: how x is stored

struct Params {
  batch: u32,
  inputs: u32,
  outputs: u32,
  plane: u32,
  styleOffset: u32,
  styleStride: u32,
  hasStyle: u32,
  hasBias: u32,
  hasShift: u32,
  leaky: u32, // 1: activation is leakyrelu(·, 0.2)·√2
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read> style: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> shift: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let id = elementOf(workgroup, workgroups, index);
  let frame = id / params.plane;
  let position = id % params.plane;
  if (frame >= params.batch) {
    return;
  }
  var total = vec4f();
  for (var first = 0u; first < params.inputs; first += 16u) {
    var sum = vec4f();
    for (var i = first; i < min(first + 16u, params.inputs); i++) {
      var value = f32(x[(frame * params.inputs + i) * params.plane + position]);
      if (params.hasStyle != 0u) {
        value *= style[params.styleOffset + frame * params.styleStride + i];
      }
      sum = fma(w[i], vec4f(value), sum);
    }
    total += sum;
  }
  for (var o = 0u; o < params.outputs; o++) {
    var value = total[o];
    if (params.hasBias != 0u) {
      value += bias[o];
    }
    if (params.leaky != 0u) {
      value = leaky_relu(value);
    }
    if (params.hasShift != 0u) {
      value += shift[o];
    }
    y[(frame * params.outputs + o) * params.plane + position] = value;
  }
}

// #include "lib/element.wgsl"
// #include "lib/leaky_relu.wgsl"
