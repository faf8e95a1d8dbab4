// y[r,c] = activation(n·(1 + scale[r,c]) + shift[r,c]),  n = (x[r,c] − mean)/√(variance + eps)·weight[c] + bias[c];
// mean and variance (biased) of x are taken over the channels c of each row r.
//
//   x, y            [rows/inner, channels, inner]; row r is (r / inner, ·, r mod inner). inner is 1 for sequences
//                   [B,T,C], whose rows are contiguous, and T for conv features [B,C,T].
//   weight, bias    [channels]
//   modulation      [rows, modulationWidth]: scale and shift are its columns from scaleOffset and shiftOffset (AdaLN)
//
// One workgroup normalises a row; its 64 invocations take every 64th channel and share their sums. Each takes four
// channels at a time, whose loads are under way together. The variance is summed in a second pass, as the mean of (x −
// mean)²: E[x²] − mean² would cancel. The same pass sums x − mean: what is left of it, because the mean was rounded, is
// taken off both.

// #include "lib/layer_norm_params.wgsl"

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> modulation: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

const LANES = 64u;
const TOGETHER = 8u;

var<workgroup> sums: array<vec2f, LANES>;
var<workgroup> groupSums: array<vec2f, LANES>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.y * groups.x + group.x;
  let channels = select(0u, params.channels, row < params.rows);
  let first = row / params.inner * params.inner * params.channels + row % params.inner;
  var sum = vec4f();
  for (var c = lane; c < channels; c += 4u * LANES) {
    sum += fourOfX(first, c);
  }
  let mean = sumOfLanes(vec2f(dot(sum, vec4f(1.0)), 0.0), lane).x / f32(params.channels);
  var centred = vec4f();
  var squares = vec4f();
  for (var c = lane; c < channels; c += 4u * LANES) {
    let value = select(vec4f(), fourOfX(first, c) - mean, four(c) < vec4u(channels));
    centred += value;
    squares += value * value;
  }
  let ofLane = vec2f(dot(centred, vec4f(1.0)), dot(squares, vec4f(1.0)));
  let moments = sumOfLanes(ofLane, lane) / f32(params.channels);
  let rest = moments.x;
  let factor = 1.0 / sqrt(moments.y - rest * rest + params.eps);
  for (var c = lane; c < channels; c += 4u * LANES) {
    let at = min(four(c), vec4u(channels - 1u));
    var value = (fourOfX(first, c) - mean - rest) * factor;
    if (params.hasAffine != 0u) {
      let scale = vec4f(weight[at.x], weight[at.y], weight[at.z], weight[at.w]);
      value = value * scale + vec4f(bias[at.x], bias[at.y], bias[at.z], bias[at.w]);
    }
    if (params.isModulated != 0u) {
      let columns = row * params.modulationWidth + at;
      value = value * (1.0 + fourOfModulation(columns + params.scaleOffset));
      value += fourOfModulation(columns + params.shiftOffset);
    }
    for (var j = 0u; j < 4u; j++) {
      let channel = c + j * LANES;
      if (channel < channels) {
        y[first + channel * params.inner] = activate(value[j]);
      }
    }
  }
}

// The four channels that begin with c; some may be beyond the last.
fn four(c: u32) -> vec4u {
  return c + LANES * vec4u(0u, 1u, 2u, 3u);
}

// Their values, zero beyond the last.
fn fourOfX(first: u32, c: u32) -> vec4f {
  let known = four(c) < vec4u(params.channels);
  let at = first + select(vec4u(), four(c), known) * params.inner;
  return select(vec4f(), vec4f(x[at.x], x[at.y], x[at.z], x[at.w]), known);
}

fn fourOfModulation(at: vec4u) -> vec4f {
  return vec4f(modulation[at.x], modulation[at.y], modulation[at.z], modulation[at.w]);
}

// The sum of the values of all lanes, by eights and then of these.
fn sumOfLanes(value: vec2f, lane: u32) -> vec2f {
  sums[lane] = value;
  workgroupBarrier();
  var ofGroup = vec2f();
  for (var i = 0u; i < TOGETHER; i++) {
    ofGroup += sums[lane / TOGETHER * TOGETHER + i];
  }
  groupSums[lane] = ofGroup;
  workgroupBarrier();
  var sum = vec2f();
  for (var i = 0u; i < LANES; i += TOGETHER) {
    sum += groupSums[i];
  }
  return sum;
}

// #include "lib/activation.wgsl"
