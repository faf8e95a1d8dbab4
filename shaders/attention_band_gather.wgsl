// The last step of attention's adjoint: with p and ds of each pair in the band (attention_band_softmax.wgsl),
//
//   dq[i] = Σ_j ds[i,j]·k[j]/√headDim,   dk[j] = Σ_i ds[i,j]·q[i]/√headDim,   dv[j] = Σ_i p[i,j]·dy[i]
//
//   qkv, dqkv  [batch, length, 3·heads·headDim], packed [q | k | v]
//   dy         [batch, length, heads·headDim]
//   p, ds      [batch, heads, length, 2·reach + 1], entry n of row i being j = i − reach + n
//
// One invocation a channel of a frame: it gathers from the frames in reach, so nothing is added by two at once.

struct Params {
  count: u32, // batch·length·heads·headDim
  length: u32,
  heads: u32,
  headDim: u32,
  reach: u32,
  scale: f32, // 1/√headDim
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> qkv: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read> p: array<f32>;
@group(0) @binding(4) var<storage, read> ds: array<f32>;
@group(0) @binding(5) var<storage, read_write> dqkv: array<f32>;

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
  let width = params.heads * params.headDim;
  let c = at % width;
  let row = at / width; // batch·length + i
  let i = row % params.length;
  let band = 2u * params.reach + 1u;
  let own = (row / params.length * params.heads + c / params.headDim) * params.length;
  var dq = 0.0;
  var dk = 0.0;
  var dv = 0.0;
  let first = i - min(i, params.reach);
  let end = min(params.length, i + params.reach + 1u);
  for (var j = first; j < end; j++) {
    let other = row - i + j;
    // (i, j) is entry j − i + reach of row i; (j, i) is entry i − j + reach of row j.
    let back = (own + j) * band + i + params.reach - j;
    dq += ds[(own + i) * band + j + params.reach - i] * qkv[other * 3u * width + width + c];
    dk += ds[back] * qkv[other * 3u * width + c];
    dv += p[back] * dy[other * width + c];
  }
  let place = row * 3u * width + c;
  dqkv[place] = dq * params.scale;
  dqkv[place + width] = dk * params.scale;
  dqkv[place + 2u * width] = dv;
}

// #include "lib/element.wgsl"
