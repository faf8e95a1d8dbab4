// y[r,c] = activation(n·(1 + scale[r,c]) + shift[r,c]),  n = (x[r,c] − mean)/√(variance + eps)·weight[c] + bias[c];
// mean and variance (biased) of x are taken over the channels c of each row r.
//
//   x, y            [rows/inner, channels, inner]; row r is (r / inner, ·, r mod inner). inner is 1 for sequences
//                   [B,T,C], whose rows are contiguous, and T for conv features [B,C,T].
//   weight, bias    [channels]
//   modulation      [rows, modulationWidth]: scale and shift are its columns from scaleOffset and shiftOffset (AdaLN)
//
// One workgroup normalises four rows; the 16 invocations of a row take every 16th channel and share their sums. The
// variance is summed in a second pass, as the mean of (x − mean)²: E[x²] − mean² would cancel. The same pass sums
// x − mean: what is left of it, because the mean was rounded, is taken off both.

// #include "lib/layer_norm_params.wgsl"

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> modulation: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

const LANES = 16u;
const ROWS = 4u;

var<workgroup> sums: array<vec2f, 64>;

@compute @workgroup_size(LANES, ROWS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let lane = local.x;
  let row = (group.y * groups.x + group.x) * ROWS + local.y;
  let channels = select(0u, params.channels, row < params.rows);
  let first = row / params.inner * params.inner * params.channels + row % params.inner;
  var sum = 0.0;
  for (var c = lane; c < channels; c += LANES) {
    sum += x[first + c * params.inner];
  }
  let mean = sumOfLanes(vec2f(sum, 0.0), local).x / f32(params.channels);
  var centred = vec2f();
  for (var c = lane; c < channels; c += LANES) {
    let value = x[first + c * params.inner] - mean;
    centred += vec2f(value, value * value);
  }
  let moments = sumOfLanes(centred, local) / f32(params.channels);
  let rest = moments.x;
  let factor = 1.0 / sqrt(moments.y - rest * rest + params.eps);
  for (var c = lane; c < channels; c += LANES) {
    let at = first + c * params.inner;
    var value = (x[at] - mean - rest) * factor;
    if (params.hasAffine != 0u) {
      value = value * weight[c] + bias[c];
    }
    if (params.isModulated != 0u) {
      let columns = row * params.modulationWidth + c;
      value = value * (1.0 + modulation[columns + params.scaleOffset]) + modulation[columns + params.shiftOffset];
    }
    y[at] = activate(value);
  }
}

// The sum of the values of a row's lanes. Each lane adds up all of them: on a CPU barriers cost more than additions.
fn sumOfLanes(value: vec2f, local: vec3u) -> vec2f {
  workgroupBarrier();
  sums[local.y * LANES + local.x] = value;
  workgroupBarrier();
  var sum = vec2f();
  for (var i = 0u; i < LANES; i++) {
    sum += sums[local.y * LANES + i];
  }
  return sum;
}

// #include "lib/activation.wgsl"
