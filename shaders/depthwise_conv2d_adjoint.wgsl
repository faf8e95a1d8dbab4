// The adjoint of depthwise_conv2d.wgsl in x:
//
//   dx[b,c,r,s] = Σ_{ky,kx} w[c,ky,kx] · dy[b,c,Y,X]   with Y·stride + ky − pad = r, X·stride + kx − pad = s
//
//   dx [planes, height, width]        planes = batch·channels
//   w  [channels, kernel, kernel]
//   dy [planes, outHeight, outWidth]
//
// One invocation an element of dx; it goes over the taps that reach an output.

struct Params {
  planes: u32,
  channels: u32,
  height: u32,
  width: u32,
  outHeight: u32,
  outWidth: u32,
  kernel: u32,
  stride: u32,
  pad: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let at = elementOf(group, groups, index);
  let plane = at / (params.height * params.width);
  if (plane >= params.planes) {
    return;
  }
  let channel = plane % params.channels;
  let row = at / params.width % params.height + params.pad;
  let column = at % params.width + params.pad;
  var sum = 0.0;
  for (var ky = row % params.stride; ky <= min(row, params.kernel - 1u); ky += params.stride) {
    let Y = (row - ky) / params.stride;
    if (Y >= params.outHeight) {
      continue;
    }
    var partial = 0.0;
    for (var kx = column % params.stride; kx <= min(column, params.kernel - 1u); kx += params.stride) {
      let X = (column - kx) / params.stride;
      if (X < params.outWidth) {
        let weight = w[(channel * params.kernel + ky) * params.kernel + kx];
        partial = fma(weight, dy[(plane * params.outHeight + Y) * params.outWidth + X], partial);
      }
    }
    sum += partial;
  }
  dx[at] = sum;
}

// #include "lib/element.wgsl"
