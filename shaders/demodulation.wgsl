// d[b,o] = 1/√(Σ_i s[b,i]² · squares[o,i] + 10⁻⁸)
//
//   style   s = style[styleOffset + b·styleStride + i]
//   squares [outputs, inputs], the sum of a kernel's squared weights over its taps
//   d       [batch, outputs]
//
// One workgroup makes eight values d[b, o … o + 7]: each of the eight invocations of a value sums every eighth term, and the
// first adds up the eight sums.

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

const LANES = 8u;
const OUTPUTS = 8u;

var<workgroup> sums: array<f32, 64>; // [output][lane]

@compute @workgroup_size(LANES, OUTPUTS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u, // outputs, batch
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let output = workgroup.x * OUTPUTS + local.y;
  let frame = workgroup.y;
  let inside = output < params.outputs;
  var sum = 0.0;
  if (inside) {
    for (var i = local.x; i < params.inputs; i += LANES) {
      let s = style[params.styleOffset + frame * params.styleStride + i];
      sum += s * s * squares[output * params.inputs + i];
    }
  }
  sums[index] = sum;
  workgroupBarrier();
  if (inside && local.x == 0u) {
    var total = 0.0;
    for (var lane = 0u; lane < LANES; lane++) {
      total += sums[index + lane];
    }
    d[frame * params.outputs + output] = 1.0 / sqrt(total + 1e-8);
  }
}
