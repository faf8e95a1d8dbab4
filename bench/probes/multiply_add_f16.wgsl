// As multiply_add_f32.wgsl, in half precision: 16 independent chains of vec4 an invocation, all in registers, nothing read from memory.
// 2 · 4 · 16 · rounds operations an invocation.

enable f16;

struct Params {
  rounds: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  // Known only at run time, or the compiler does the sum itself.
  let a = vec4h(f16(f32(params.rounds) * 1e-9 + 0.5));
  let b = vec4h(f16(f32(id.x) * 1e-9));
  var x0 = b; var x1 = b + 1; var x2 = b + 2; var x3 = b + 3;
  var x4 = b + 4; var x5 = b + 5; var x6 = b + 6; var x7 = b + 7;
  var x8 = b + 8; var x9 = b + 9; var x10 = b + 10; var x11 = b + 11;
  var x12 = b + 12; var x13 = b + 13; var x14 = b + 14; var x15 = b + 15;
  for (var i = 0u; i < params.rounds; i++) {
    x0 = fma(x0, a, b); x1 = fma(x1, a, b); x2 = fma(x2, a, b); x3 = fma(x3, a, b);
    x4 = fma(x4, a, b); x5 = fma(x5, a, b); x6 = fma(x6, a, b); x7 = fma(x7, a, b);
    x8 = fma(x8, a, b); x9 = fma(x9, a, b); x10 = fma(x10, a, b); x11 = fma(x11, a, b);
    x12 = fma(x12, a, b); x13 = fma(x13, a, b); x14 = fma(x14, a, b); x15 = fma(x15, a, b);
  }
  let sum = x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + x10 + x11 + x12 + x13 + x14 + x15;
  y[id.x] = f32(dot(sum, vec4h(1)));
}
