// Depthwise convolution: each channel has a k×k kernel of its own.
//
//   y[b,c,Y,X] = Σ_{ky,kx} w[c,ky,kx] · x[b,c, Y·stride+ky−pad, X·stride+kx−pad] + bias[c]
//
//   x    [planes, height, width]        planes = batch·channels; zero outside
//   w    [channels, kernel, kernel]
//   bias [channels]
//   y    [planes, outHeight, outWidth]
//
// One invocation an element of y: the sums are short (9 or 25 terms) and nothing is shared.

struct Params {
  planes: u32,
  channels: u32,
  height: u32,
  width: u32,
  outHeight: u32,
  outWidth: u32,
  kernel: u32,
  stride: u32,
  pad: u32, // zeros above and to the left
  hasBias: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let at = elementOf(group, groups, index);
  let outPlane = params.outHeight * params.outWidth;
  if (at >= params.planes * outPlane) {
    return;
  }
  let plane = at / outPlane;
  let channel = plane % params.channels;
  let row0 = at / params.outWidth % params.outHeight * params.stride;
  let column0 = at % params.outWidth * params.stride;
  var sum = 0.0;
  for (var ky = 0u; ky < params.kernel; ky++) {
    let row = row0 + ky - params.pad; // wraps round below 0
    if (row >= params.height) {
      continue;
    }
    for (var kx = 0u; kx < params.kernel; kx++) {
      let column = column0 + kx - params.pad;
      if (column < params.width) {
        let weight = w[(channel * params.kernel + ky) * params.kernel + kx];
        sum = fma(weight, x[(plane * params.height + row) * params.width + column], sum);
      }
    }
  }
  if (params.hasBias != 0u) {
    sum += bias[channel];
  }
  y[at] = sum;
}

// #include "lib/element.wgsl"
