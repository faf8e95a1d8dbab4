// Merges the blocks of group_norm_moments.wgsl into the mean and 1/√(variance + ε) of each group of channels:
//
//   mean = Σ_i n_i · mean_i / N,   variance = Σ_i (M₂_i + n_i · (mean_i − mean)²) / N,   N = Σ_i n_i
//
//   blocks  [batch, blockCount, channels] of (mean_i, M₂_i); n_i is 256, in the last block what is left of `frames`
//   moments [batch, groups] of (mean, 1/√(variance + ε))
//
// One workgroup makes one group of one batch entry: its 64 invocations share the blocks out, then add up pairwise.

struct Params {
  frames: u32,
  channels: u32,
  groups: u32,
  blockCount: u32,
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> blocks: array<vec2f>;
@group(0) @binding(2) var<storage, read_write> moments: array<vec2f>;

const BLOCK = 256u;

var<workgroup> sums: array<f32, 64>;

fn sumOverWorkgroup(value: f32, index: u32) -> f32 {
  sums[index] = value;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (index < half) {
      sums[index] += sums[index + half];
    }
    workgroupBarrier();
  }
  let sum = sums[0];
  workgroupBarrier();
  return sum;
}

fn framesOf(block: u32) -> f32 {
  return f32(min(BLOCK, params.frames - block * BLOCK));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u, // group, batch
  @builtin(local_invocation_index) index: u32,
) {
  let width = params.channels / params.groups;
  let start = workgroup.y * params.blockCount * params.channels + workgroup.x * width;
  let items = params.blockCount * width;
  let count = f32(params.frames * width);

  var sum = 0.0;
  for (var i = index; i < items; i += 64u) {
    let block = i / width;
    sum += framesOf(block) * blocks[start + block * params.channels + i % width].x;
  }
  let mean = sumOverWorkgroup(sum, index) / count;

  var squares = 0.0;
  for (var i = index; i < items; i += 64u) {
    let block = i / width;
    let b = blocks[start + block * params.channels + i % width];
    squares += b.y + framesOf(block) * (b.x - mean) * (b.x - mean);
  }
  let variance = sumOverWorkgroup(squares, index) / count;

  if (index == 0u) {
    moments[workgroup.y * params.groups + workgroup.x] = vec2f(mean, inverseSqrt(variance + params.epsilon));
  }
}
