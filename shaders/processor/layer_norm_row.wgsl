// The normalisation of layer_norm.wgsl over the last axis, for adapters that are a processor: an invocation makes a
// whole row, without shared memory and barriers, which cost more there than they save.
//
//   y[r,c] = activation(n·(1 + scale[r,c]) + shift[r,c]),  n = (x[r,c] − mean)/√(variance + eps)·weight[c] + bias[c]
//
//   x, y            [rows, channels/4]
//   weight, bias    [channels/4]
//   modulation      [rows, modulationWidth/4]: scale and shift are its columns from scaleOffset and shiftOffset (AdaLN)
//
// Channels, modulationWidth and offsets come in fours. The sums over a row are as in layer_norm.wgsl.

// #include "lib/layer_norm_params.wgsl"

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read> modulation: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let row = (group.y * groups.x + group.x) * 8u + index;
  if (row >= params.rows) {
    return;
  }
  let channels = params.channels / 4u;
  let first = row * channels;
  var sum = vec4f();
  for (var c = 0u; c < channels; c++) {
    sum += x[first + c];
  }
  let mean = total(sum) / f32(params.channels);
  var centred = vec4f();
  var squares = vec4f();
  for (var c = 0u; c < channels; c++) {
    let value = x[first + c] - mean;
    centred += value;
    squares += value * value;
  }
  let rest = total(centred) / f32(params.channels);
  let factor = 1.0 / sqrt(total(squares) / f32(params.channels) - rest * rest + params.eps);
  for (var c = 0u; c < channels; c++) {
    var value = (x[first + c] - mean - rest) * factor;
    if (params.hasAffine != 0u) {
      value = value * weight[c] + bias[c];
    }
    if (params.isModulated != 0u) {
      let columns = row * (params.modulationWidth / 4u) + c;
      value = value * (1.0 + modulation[columns + params.scaleOffset / 4u]) + modulation[columns + params.shiftOffset / 4u];
    }
    if (ACTIVATION != 0u) {
      value = vec4f(activate(value.x), activate(value.y), activate(value.z), activate(value.w));
    }
    y[first + c] = value;
  }
}

fn total(v: vec4f) -> f32 {
  return (v.x + v.y) + (v.z + v.w);
}

// #include "lib/activation.wgsl"
