// The adjoint of layer_norm.wgsl without activation: with n = (x − mean)/σ, m = 1 + scale (or weight, or 1) and
// y = n·m + shift,
//
//   g  = dy·m
//   dx = (g − mean_c(g) − n·mean_c(g·n))/σ
//   dscale = dy·n,  dshift = dy
//
//   x, dy, dx    [rows, channels]
//   weight       [channels], read if HAS_WEIGHT
//   modulation   [rows, modulationWidth], read if IS_MODULATED: 1 + its columns from scaleOffset
//   columns      [rows, columnsWidth]: dscale goes to its columns from scaleOffset, dshift to those from shiftOffset, the
//                latter if IS_MODULATED. Of a weight it is dy·n row by row, for sum_rows.wgsl to add up.
//
// One workgroup makes four rows; the 16 invocations of a row take every 16th channel and share their sums. As forward,
// the variance is the mean of (x − mean)², and what is left of x − mean because the mean was rounded is taken off.

override HAS_WEIGHT: u32 = 0;
override IS_MODULATED: u32 = 0;

struct Params {
  channels: u32,
  rows: u32,
  eps: f32,
  modulationWidth: u32,
  columnsWidth: u32,
  scaleOffset: u32,
  shiftOffset: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read> modulation: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;
@group(0) @binding(6) var<storage, read_write> columns: array<f32>;

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
  let first = row * params.channels;
  var sum = 0.0;
  for (var c = lane; c < channels; c += LANES) {
    sum += x[first + c];
  }
  let mean = sumOfLanes(vec2f(sum, 0.0), local).x / f32(params.channels);
  var centred = vec2f();
  for (var c = lane; c < channels; c += LANES) {
    let value = x[first + c] - mean;
    centred += vec2f(value, value * value);
  }
  let moments = sumOfLanes(centred, local) / f32(params.channels);
  let rest = moments.x;
  let factor = 1.0 / sqrt(moments.y - rest * rest + params.eps);
  var products = vec2f();
  for (var c = lane; c < channels; c += LANES) {
    let g = dy[first + c] * multiplier(row, c);
    products += vec2f(g, g * (x[first + c] - mean - rest) * factor);
  }
  let means = sumOfLanes(products, local) / f32(params.channels);
  for (var c = lane; c < channels; c += LANES) {
    let at = first + c;
    let n = (x[at] - mean - rest) * factor;
    dx[at] = (dy[at] * multiplier(row, c) - means.x - n * means.y) * factor;
    let column = row * params.columnsWidth + c;
    if (HAS_WEIGHT != 0u || IS_MODULATED != 0u) {
      columns[column + params.scaleOffset] = dy[at] * n;
    }
    if (IS_MODULATED != 0u) {
      columns[column + params.shiftOffset] = dy[at];
    }
  }
}

fn multiplier(row: u32, c: u32) -> f32 {
  var m = 1.0;
  if (HAS_WEIGHT != 0u) {
    m = weight[c];
  }
  if (IS_MODULATED != 0u) {
    m = 1.0 + modulation[row * params.modulationWidth + params.scaleOffset + c];
  }
  return m;
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
