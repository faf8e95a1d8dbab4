// d[b,o] = 1/√(Σ_i s[b,i]² · squares[o,i] + 10⁻⁸), for all layers of a decoder in one launch
//
//   s       = style[styleStart + b·styleStride + i]
//   squares [outputs, inputs] of one layer after the other: the sum of a kernel's squared weights over its taps
//   layers  where a layer lies, 8 numbers for each 8 of its outputs: inputs, outputs, the first of these outputs,
//           styleStart, where its squares begin, how many outputs the layers before it have
//   d       [batch, outputs] of one layer after the other
//
// One workgroup makes eight values d[b, o … o + 7] of one layer: each of the eight invocations of a value sums every
// eighth term, and the first adds up the eight sums.

struct Params {
  batch: u32,
  styleStride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> style: array<f32>;
@group(0) @binding(2) var<storage, read> squares: array<f32>;
@group(0) @binding(3) var<storage, read> layers: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> d: array<f32>;

const LANES = 8u;
const OUTPUTS = 8u;

var<workgroup> sums: array<f32, 64>; // [output][lane]

@compute @workgroup_size(LANES, OUTPUTS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u, // eights of outputs, batch
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let layer = vec4u(layers[workgroup.x * 2u]);
  let starts = vec4u(layers[workgroup.x * 2u + 1u]);
  let inputs = layer.x;
  let outputs = layer.y;
  let output = layer.z + local.y;
  let frame = workgroup.y;
  let styleStart = layer.w + frame * params.styleStride;
  let squaresStart = starts.x + min(output, outputs - 1u) * inputs;
  var sum = vec4f();
  // Four terms at a time, whose loads are under way together.
  for (var first = local.x; first < inputs; first += 4u * LANES) {
    let i = first + LANES * vec4u(0u, 1u, 2u, 3u);
    let known = i < vec4u(inputs);
    let a = styleStart + select(vec4u(), i, known);
    let b = squaresStart + select(vec4u(), i, known);
    let s = vec4f(style[a.x], style[a.y], style[a.z], style[a.w]);
    let term = s * s * vec4f(squares[b.x], squares[b.y], squares[b.z], squares[b.w]);
    sum += select(vec4f(), term, known);
  }
  sums[index] = dot(sum, vec4f(1.0));
  workgroupBarrier();
  if (output < outputs && local.x == 0u) {
    var total = 0.0;
    for (var lane = 0u; lane < LANES; lane++) {
      total += sums[index + lane];
    }
    d[starts.y * params.batch + frame * outputs + output] = 1.0 / sqrt(total + 1e-8);
  }
}
