// The weights of a convolution from one layout to another:
//
//   y[k,a,b] = scale · x[k′,a,b],  k′ = k, or taps − 1 − k if `flip`; 0 for b ≥ known
//
// k is the tap ky·kernel + kx, and a and b are inputs and outputs in either order. In a layout `at(k)·tapStride +
// a·aStride + b·bStride` lies the weight, where at(k) is k, or the tap's place among the phases of a transposed
// convolution (conv2d.wgsl). So PyTorch's [outputs, inputs, taps], the packed [taps, inputs, outputs rounded up to 4]
// and the packed layout of the adjoint's convolution become each other.
//
//   x, y  the weights
//
// One invocation an element of y.

struct Params {
  taps: u32,
  aCount: u32,
  bCount: u32,
  known: u32, // outputs that x has; those beyond are zeros
  xTap: u32,
  xA: u32,
  xB: u32,
  xPhased: u32,
  yTap: u32,
  yA: u32,
  yB: u32,
  yPhased: u32,
  flip: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let id = elementOf(group, groups, index);
  if (id >= params.taps * params.aCount * params.bCount) {
    return;
  }
  let b = id % params.bCount;
  let a = id / params.bCount % params.aCount;
  let tap = id / (params.bCount * params.aCount);
  let sourceTap = select(tap, params.taps - 1u - tap, params.flip != 0u);
  var value = 0.0;
  if (b < params.known) {
    let source = placeOfTap(sourceTap, params.xPhased) * params.xTap + a * params.xA + b * params.xB;
    value = params.scale * x[source];
  }
  y[placeOfTap(tap, params.yPhased) * params.yTap + a * params.yA + b * params.yB] = value;
}

// #include "lib/element.wgsl"
// #include "lib/place_of_tap.wgsl"
