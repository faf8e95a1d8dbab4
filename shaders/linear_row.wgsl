// y[m,n] = residual[m,n] + gate[m,n] · activation(Σ_k x[m,k] · w[n,k] + bias[n])
//
// for few rows m, where a tile of linear.wgsl would be nearly empty.
//
//   x    [rows, inputs]      row-major
//   w    [outputs, inputs]   row-major, as PyTorch stores nn.Linear.weight
//   bias [outputs]
//   gate [rows, gateWidth]   its columns from gateOffset
//   y    [rows, outputs]     as is residual; bias, gate and residual where there are any
//
// Every weight is used once a row: reading them is all the work. One workgroup makes eight values of one row: each of
// the eight lanes of a value sums every eighth term, so that neighbours read neighbouring weights, and the first adds
// up.

alias Weight = f32; // or f16: how w is stored

// #include "lib/linear_params.wgsl"

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<Weight>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> gate: array<f32>;
@group(0) @binding(5) var<storage, read> residual: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

const LANES = 8u;
const OUTPUTS = 8u;

var<workgroup> sums: array<f32, 64>; // [output][lane]

@compute @workgroup_size(LANES, OUTPUTS)
fn main(
  @builtin(workgroup_id) tile: vec3u, // outputs, row
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let output = tile.x * OUTPUTS + local.y;
  let row = tile.y;
  let weights = min(output, params.outputs - 1u) * params.inputs;
  let values = row * params.inputs;
  var sum = vec4f();
  // Four terms at a time, whose loads are under way together.
  for (var first = local.x; first < params.inputs; first += 4u * LANES) {
    let k = first + LANES * vec4u(0u, 1u, 2u, 3u);
    let known = k < vec4u(params.inputs);
    let a = values + select(vec4u(), k, known);
    let b = weights + select(vec4u(), k, known);
    let term = vec4f(x[a.x], x[a.y], x[a.z], x[a.w]) * vec4f(vec4<Weight>(w[b.x], w[b.y], w[b.z], w[b.w]));
    sum += select(vec4f(), term, known);
  }
  sums[index] = dot(sum, vec4f(1.0));
  workgroupBarrier();
  if (output < params.outputs && local.x == 0u) {
    var total = 0.0;
    for (var lane = 0u; lane < LANES; lane++) {
      total += sums[index + lane];
    }
    let at = row * params.outputs + output;
    y[at] = epilogue(total, row, output, at);
  }
}

// #include "lib/epilogue.wgsl"
