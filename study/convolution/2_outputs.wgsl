// The 3×3 convolution with a border of one zero, several outputs an invocation:
//
//   y[o,Y,X] = Σ_{ky,kx,i} w[ky,kx,i,o] · x[i, Y+ky−1, X+kx−1]
//
//   x [inputs, height, width]   zero outside
//   w [9, inputs, outputs/4]    outputs is a multiple of four
//   y [outputs, height, width]
//
// An invocation makes eight outputs at one position. Unlike in 1_plain.wgsl, each value of x is loaded once for eight
// multiply-adds, and the eight weights, side by side in memory, are two loads of four: three loads for eight
// multiply-adds instead of sixteen. All invocations of a workgroup read the same weights.

struct Params {
  inputs: u32,
  outputs: u32,
  height: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let plane = params.height * params.width;
  let position = id.x;
  let output4 = params.outputs / 4u;
  let first = id.y * 2u;
  let second = min(first + 1u, output4 - 1u);
  if (position >= plane) {
    return;
  }
  var a = vec4f();
  var b = vec4f();
  for (var tap = 0u; tap < 9u; tap++) {
    let row = position / params.width + tap / 3u - 1u; // wraps round below 0
    let column = position % params.width + tap % 3u - 1u;
    if (row < params.height && column < params.width) {
      for (var i = 0u; i < params.inputs; i++) {
        let value = vec4f(x[i * plane + row * params.width + column]);
        let weights = (tap * params.inputs + i) * output4;
        a = fma(w[weights + first], value, a);
        b = fma(w[weights + second], value, b);
      }
    }
  }
  for (var j = 0u; j < 4u; j++) {
    y[(first * 4u + j) * plane + position] = a[j];
    if (first + 1u < output4) {
      y[(first * 4u + 4u + j) * plane + position] = b[j];
    }
  }
}
