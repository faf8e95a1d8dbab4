// The 3×3 convolution with a border of one zero, as one writes it down first:
//
//   y[o,Y,X] = Σ_{ky,kx,i} w[ky,kx,i,o] · x[i, Y+ky−1, X+kx−1]
//
//   x [inputs, height, width]   zero outside
//   w [9, inputs, outputs]      outputs is a multiple of four; packed so by src/ops/conv-weight.ts
//   y [outputs, height, width]
//
// An invocation makes one element of y: workgroup_id.y is its output channel, x counts positions. For each multiply-add
// it loads a value of x and one of w.

struct Params {
  inputs: u32,
  outputs: u32,
  height: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let plane = params.height * params.width;
  let position = id.x;
  let output = id.y;
  if (position >= plane) {
    return;
  }
  var sum = 0.0;
  for (var tap = 0u; tap < 9u; tap++) {
    let row = position / params.width + tap / 3u - 1u; // wraps round below 0
    let column = position % params.width + tap % 3u - 1u;
    if (row < params.height && column < params.width) {
      for (var i = 0u; i < params.inputs; i++) {
        sum = fma(w[(tap * params.inputs + i) * params.outputs + output], x[i * plane + row * params.width + column], sum);
      }
    }
  }
  y[output * plane + position] = sum;
}
