// The product as one writes it down first:
//
//   y[m,n] = Σ_k x[m,k] · w[n,k]
//
//   x [rows, inputs]     row-major
//   w [outputs, inputs]  row-major, as PyTorch stores nn.Linear.weight
//   y [rows, outputs]
//
// An invocation makes one element of y. For each multiply-add it loads two numbers from memory: on most hardware it
// waits for loads nearly all the time.

struct Params {
  rows: u32,
  inputs: u32,
  outputs: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  let row = id.y;
  // The grid is whole workgroups and may reach beyond y.
  if (row >= params.rows || column >= params.outputs) {
    return;
  }
  var sum = 0.0;
  for (var k = 0u; k < params.inputs; k++) {
    sum = fma(x[row * params.inputs + k], w[column * params.inputs + k], sum);
  }
  y[row * params.outputs + column] = sum;
}
