// y[m,n] = Σ_k x[m,k] · w[n,k], four k at a time.
//
//   x [rows, inputs/4]     inputs is a multiple of four
//   w [outputs, inputs/4]
//   y [rows, outputs]
//
// An invocation makes one element of y. Unlike 1_plain.wgsl it reads x and w as vec4f: a quarter of the load
// instructions and of the address arithmetic, for the same bytes. The sum is kept as four, one for each k mod 4, joined
// at the end: four independent chains of additions, and rounding errors that grow half as fast.

struct Params {
  rows: u32,
  inputs: u32,
  outputs: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  let row = id.y;
  if (row >= params.rows || column >= params.outputs) {
    return;
  }
  let inputs4 = params.inputs / 4u;
  var sums = vec4f();
  for (var k = 0u; k < inputs4; k++) {
    sums = fma(x[row * inputs4 + k], w[column * inputs4 + k], sums);
  }
  y[row * params.outputs + column] = dot(sums, vec4f(1.0));
}
