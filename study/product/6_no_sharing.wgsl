// y[m,n] = Σ_k x[m,k] · w[n,k], blocks of registers without shared memory: a rung beside the others, for a processor
// that plays the graphics card.
//
//   x [rows, inputs/4]     inputs is a multiple of four
//   w [outputs, inputs/4]
//   y [rows, outputs]
//
// An invocation makes a block of 4×4 as in 4_blocks.wgsl, but reads its operands from memory directly, four k at a time
// as in 2_vec4.wgsl: 8 loads of four for 64 multiply-adds. "Shared memory" of a processor is memory like any other, and
// its caches already keep what neighbours read; what is left out are the copies and the barriers.

struct Params {
  rows: u32,
  inputs: u32,
  outputs: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let inputs4 = params.inputs / 4u;
  let row = id.y * 4u + vec4u(0u, 1u, 2u, 3u);
  let column = id.x * 4u + vec4u(0u, 1u, 2u, 3u);
  let xAt = min(row, vec4u(params.rows - 1u)) * inputs4;
  let wAt = min(column, vec4u(params.outputs - 1u)) * inputs4;
  var sums = mat4x4f(); // [row] of columns
  for (var k = 0u; k < inputs4; k++) {
    let X = mat4x4f(x[xAt.x + k], x[xAt.y + k], x[xAt.z + k], x[xAt.w + k]);
    let W = mat4x4f(w[wAt.x + k], w[wAt.y + k], w[wAt.z + k], w[wAt.w + k]);
    sums += transpose(W) * X;
  }
  for (var i = 0u; i < 4u; i++) {
    for (var j = 0u; j < 4u; j++) {
      if (row[i] < params.rows && column[j] < params.outputs) {
        y[row[i] * params.outputs + column[j]] = sums[i][j];
      }
    }
  }
}
