// d[b,o] = 1/√(Σ_i s[b,i]² · squares[o,i] + 10⁻⁸)
//
//   style   s = style[styleOffset + b·styleStride + i]
//   squares [outputs, inputs], the sum of a kernel's squared weights over its taps
//   d       [batch, outputs]
//
// One workgroup makes one value (o, b): each invocation sums every 64th term, and the partial sums are added pairwise.

struct Params {
  inputs: u32,
  outputs: u32,
  styleOffset: u32,
  styleStride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> style: array<f32>;
@group(0) @binding(2) var<storage, read> squares: array<f32>;
@group(0) @binding(3) var<storage, read_write> d: array<f32>;

var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) index: u32) {
  let output = workgroup.x;
  let frame = workgroup.y;
  var sum = 0.0;
  for (var i = index; i < params.inputs; i += 64u) {
    let s = style[params.styleOffset + frame * params.styleStride + i];
    sum += s * s * squares[output * params.inputs + i];
  }
  sums[index] = sum;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (index < half) {
      sums[index] += sums[index + half];
    }
  }
  if (index == 0u) {
    d[frame * params.outputs + output] = 1.0 / sqrt(sums[0] + 1e-8);
  }
}
