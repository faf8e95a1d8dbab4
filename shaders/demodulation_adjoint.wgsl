// The adjoint of demodulation.wgsl, d = (Σ_i s²·squares + 10⁻⁸)^(−1/2). With e[n,o] = dd[n,o]·d[n,o]³:
//
//   OF_SQUARES = 0   y = ds       ds[n,i] = −s[n,i] · Σ_o e[n,o]·squares[o,i]
//   OF_SQUARES = 1   y = dsquares dsquares[o,i] = −½ · Σ_n e[n,o]·s[n,i]²
//
//   d, dd    [batch, outputs]
//   s, ds    [batch, inputs]
//   squares, dsquares [outputs, inputs]
//
// One invocation an element of y; sixteen terms at a time are summed by themselves.

override OF_SQUARES: u32 = 0;

struct Params {
  batch: u32,
  inputs: u32,
  outputs: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> d: array<f32>;
@group(0) @binding(2) var<storage, read> dd: array<f32>;
@group(0) @binding(3) var<storage, read> s: array<f32>;
@group(0) @binding(4) var<storage, read> squares: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let at = elementOf(group, groups, index);
  let rows = select(params.batch, params.outputs, OF_SQUARES != 0u);
  if (at >= rows * params.inputs) {
    return;
  }
  let input = at % params.inputs;
  let row = at / params.inputs;
  let terms = select(params.outputs, params.batch, OF_SQUARES != 0u);
  var sum = 0.0;
  for (var first = 0u; first < terms; first += 16u) {
    var partial = 0.0;
    for (var j = first; j < min(first + 16u, terms); j++) {
      if (OF_SQUARES != 0u) {
        let value = s[j * params.inputs + input];
        partial += e(j * params.outputs + row) * value * value;
      } else {
        partial += e(row * params.outputs + j) * squares[j * params.inputs + input];
      }
    }
    sum += partial;
  }
  if (OF_SQUARES != 0u) {
    y[at] = -0.5 * sum;
  } else {
    y[at] = -s[at] * sum;
  }
}

fn e(at: u32) -> f32 {
  let factor = d[at];
  return dd[at] * factor * factor * factor;
}

// #include "lib/element.wgsl"
