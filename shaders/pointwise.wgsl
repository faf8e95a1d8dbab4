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
// One invocation makes all channels of one position p. Sixteen inputs at a time are summed by themselves.

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
  let start = frame * params.inputs * params.plane + position;
  let styleStart = params.styleOffset + frame * params.styleStride;
  var total = vec4f();
  for (var first = 0u; first < params.inputs; first += 16u) {
    // All loads before anything that branches, so that they are under way together.
    var a = fourOfX(start, first);
    var b = fourOfX(start, first + 4u);
    var c = fourOfX(start, first + 8u);
    var d = fourOfX(start, first + 12u);
    if (params.hasStyle != 0u) {
      a *= fourOfStyle(styleStart, first);
      b *= fourOfStyle(styleStart, first + 4u);
      c *= fourOfStyle(styleStart, first + 8u);
      d *= fourOfStyle(styleStart, first + 12u);
    }
    var sum = addFour(vec4f(), first, a);
    sum = addFour(sum, first + 4u, b);
    sum = addFour(sum, first + 8u, c);
    total += addFour(sum, first + 12u, d);
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

// Four inputs from `first`, the last one again where there is none.
fn four(first: u32) -> vec4u {
  return min(first + vec4u(0u, 1u, 2u, 3u), vec4u(params.inputs - 1u));
}

// Their values, zero where there is none.
fn fourOfX(start: u32, first: u32) -> vec4f {
  let at = start + four(first) * params.plane;
  let known = first + vec4u(0u, 1u, 2u, 3u) < vec4u(params.inputs);
  return select(vec4f(), vec4f(vec4<Value>(x[at.x], x[at.y], x[at.z], x[at.w])), known);
}

fn fourOfStyle(start: u32, first: u32) -> vec4f {
  let at = start + four(first);
  let known = first + vec4u(0u, 1u, 2u, 3u) < vec4u(params.inputs);
  return select(vec4f(), vec4f(style[at.x], style[at.y], style[at.z], style[at.w]), known);
}

fn addFour(sum: vec4f, first: u32, values: vec4f) -> vec4f {
  let i = four(first);
  // Where there is no input its weight is 0 too: 0·∞ would be NaN.
  let known = first + vec4u(0u, 1u, 2u, 3u) < vec4u(params.inputs);
  let of1 = fma(select(vec4f(), w[i.x], known.x), vec4f(values.x), sum);
  let of2 = fma(select(vec4f(), w[i.y], known.y), vec4f(values.y), of1);
  let of3 = fma(select(vec4f(), w[i.z], known.z), vec4f(values.z), of2);
  return fma(select(vec4f(), w[i.w], known.w), vec4f(values.w), of3);
}

// #include "lib/element.wgsl"
// #include "lib/leaky_relu.wgsl"
