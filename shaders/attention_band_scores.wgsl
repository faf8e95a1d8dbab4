// What the adjoint of attention.wgsl needs of each pair (i, j) of frames in the band, |i − j| ≤ reach:
//
//   score[b,head,i,n]  = q[b,i,head] · k[b,j,head] / √headDim      j = i − reach + n,  n = 0 … 2·reach
//   dp[b,head,i,n]     = dy[b,i,head] · v[b,j,head]
//
//   qkv      [batch, length, 3·heads·headDim], packed [q | k | v]
//   dy       [batch, length, heads·headDim]
//   score    [batch, heads, length, 2·reach + 1]; where j lies outside, BLOCKED
//   dp       the same; 0 there
//
// One invocation a pair.

struct Params {
  count: u32, // batch·heads·length·(2·reach + 1)
  length: u32,
  heads: u32,
  headDim: u32,
  reach: u32,
  scale: f32, // 1/√headDim
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> qkv: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> score: array<f32>;
@group(0) @binding(4) var<storage, read_write> dp: array<f32>;

const BLOCKED = -3.0e38;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let at = elementOf(group, groups, index);
  if (at >= params.count) {
    return;
  }
  let band = 2u * params.reach + 1u;
  let n = at % band;
  let i = at / band % params.length;
  let head = at / (band * params.length) % params.heads;
  let batch = at / (band * params.length * params.heads);
  if (i + n < params.reach || i + n >= params.length + params.reach) {
    score[at] = BLOCKED;
    dp[at] = 0.0;
    return;
  }
  let j = i + n - params.reach;
  let width = params.heads * params.headDim;
  let q = (batch * params.length + i) * 3u * width + head * params.headDim;
  let k = (batch * params.length + j) * 3u * width + width + head * params.headDim;
  let d = (batch * params.length + i) * width + head * params.headDim;
  var dot = vec2f();
  for (var c0 = 0u; c0 < params.headDim; c0 += 16u) {
    var partial = vec2f();
    for (var c = c0; c < min(c0 + 16u, params.headDim); c++) {
      partial += vec2f(qkv[q + c] * qkv[k + c], dy[d + c] * qkv[k + width + c]);
    }
    dot += partial;
  }
  score[at] = dot.x * params.scale;
  dp[at] = dot.y;
}

// #include "lib/element.wgsl"
