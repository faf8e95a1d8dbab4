// y[b,i,head] = Σ_j p[i,j] · v[b,j,head],  p[i,·] = softmax_j(q[b,i,head] · k[b,j,head] / √headDim),  |i − j| ≤ reach
//
//   q, k, v [batch, length, qkvWidth], each head's headDim columns beginning at qOffset (kOffset, vOffset) + head·headDim:
//           one tensor packed [q | k | v], or three tensors
//   y       [batch, length, heads·headDim]
//
// One workgroup makes 32 rows of y for one head. It takes the keys in blocks of 32 and never holds more than a block of
// scores: the softmax is summed as it goes, exp being taken relative to the largest score so far; when a later block
// has a larger one, what has been summed is scaled down to it. Blocks out of reach of all 32 rows are not visited.
//
// The 8×8 invocations split a block of scores into 4×4 pieces, and the rows of y into pieces of 4 rows × 4 channels,
// four of them each at the largest headDim of 128. Panels of 16 channels of q and k, then of 32 channels of v, pass
// through shared memory. Every panel and every block is summed by itself before it joins the total (see linear.wgsl).
//
// A key out of reach is no term: its value is multiplied by 0, or passed over where 0·v would be NaN. A NaN score makes
// its row NaN, whether or not max drops it: exp(NaN − m) and exp(x − NaN) are NaN both.

// #include "lib/attention_params.wgsl"

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<f32>;
@group(0) @binding(2) var<storage, read> k: array<f32>;
@group(0) @binding(3) var<storage, read> v: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

const TILE = 32u; // rows of q, and keys in a block
const PANEL = 16u; // channels of q and k

var<workgroup> qPanel: array<vec4f, 128>; // [channel][row/4]
var<workgroup> kPanel: array<vec4f, 128>; // [channel][key/4]
var<workgroup> vPanel: array<vec4f, 256>; // [key][channel/4]
var<workgroup> scores: array<vec4f, 256>; // [key][row/4]; then the exponentials
var<workgroup> largest: array<f32, TILE>; // of each row so far
var<workgroup> total: array<f32, TILE>; // Σ exp(score − largest) of each row so far
var<workgroup> rescale: array<f32, TILE>; // exp(previous largest − largest)
var<workgroup> unbounded: atomic<u32>; // whether a value of v so far is NaN or infinite

@compute @workgroup_size(8, 8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let row0 = group.x * TILE;
  let head = group.y * params.headDim;
  let origin = group.z * params.length * params.qkvWidth + head;
  let rows = row0 + local.y * 4u + vec4u(0u, 1u, 2u, 3u);
  var sums = array<array<vec4f, 4>, 4>(); // [32-channel panel][row] of 4 channels
  if (index < TILE) {
    largest[index] = BLOCKED;
    total[index] = 0.0;
  }
  let firstKey = row0 - min(row0, params.reach);
  let endKey = min(params.length, row0 + TILE + params.reach);
  for (var key0 = firstKey; key0 < endKey; key0 += TILE) {
    // Scores of 4 rows × 4 keys, kept by key.
    var score = array<vec4f, 4>();
    for (var c0 = 0u; c0 < params.headDim; c0 += PANEL) {
      copyPanels(origin, row0, key0, c0, index);
      workgroupBarrier();
      var partial = array<vec4f, 4>();
      for (var c = 0u; c < PANEL; c++) {
        let a = qPanel[c * 8u + local.y];
        let b = kPanel[c * 8u + local.x];
        partial[0] = fma(vec4f(b.x), a, partial[0]);
        partial[1] = fma(vec4f(b.y), a, partial[1]);
        partial[2] = fma(vec4f(b.z), a, partial[2]);
        partial[3] = fma(vec4f(b.w), a, partial[3]);
      }
      for (var j = 0u; j < 4u; j++) {
        score[j] += partial[j];
      }
      workgroupBarrier();
    }
    for (var j = 0u; j < 4u; j++) {
      let key = key0 + local.x * 4u + j;
      let open = reaches(rows, vec4u(key)) & vec4<bool>(key < params.length);
      score[j] = select(vec4f(BLOCKED), score[j] * params.scale, open);
      scores[(local.x * 4u + j) * 8u + local.y] = score[j];
    }
    workgroupBarrier();
    if (index < TILE) {
      var most = largest[index];
      for (var j = 0u; j < TILE; j++) {
        most = max(most, scores[j * 8u + index / 4u][index % 4u]);
      }
      rescale[index] = exp_exact(largest[index] - most);
      largest[index] = most;
    }
    workgroupBarrier();
    for (var j = 0u; j < 4u; j++) {
      let open = is_open(score[j]);
      var p = vec4f();
      for (var i = 0u; i < 4u; i++) {
        if (open[i]) {
          p[i] = exp_exact(score[j][i] - largest[local.y * 4u + i]);
        }
      }
      scores[(local.x * 4u + j) * 8u + local.y] = p;
    }
    workgroupBarrier();
    if (index < TILE) {
      var blockTotal = 0.0;
      for (var j = 0u; j < TILE; j++) {
        blockTotal += scores[j * 8u + index / 4u][index % 4u];
      }
      total[index] = total[index] * rescale[index] + blockTotal;
    }
    for (var panel = 0u; panel * 32u < params.headDim; panel++) {
      copyValues(origin, key0, panel * 32u, index);
      workgroupBarrier();
      var partial = array<vec4f, 4>();
      if (atomicLoad(&unbounded) == 0u) {
        for (var j = 0u; j < TILE; j++) {
          let p = scores[j * 8u + local.y];
          let value = vPanel[j * 8u + local.x];
          partial[0] = fma(vec4f(p.x), value, partial[0]);
          partial[1] = fma(vec4f(p.y), value, partial[1]);
          partial[2] = fma(vec4f(p.z), value, partial[2]);
          partial[3] = fma(vec4f(p.w), value, partial[3]);
        }
      } else {
        for (var j = 0u; j < TILE; j++) {
          let p = scores[j * 8u + local.y];
          let value = vPanel[j * 8u + local.x];
          let open = reaches(rows, vec4u(key0 + j));
          partial[0] += select(vec4f(), p.x * value, open.x);
          partial[1] += select(vec4f(), p.y * value, open.y);
          partial[2] += select(vec4f(), p.z * value, open.z);
          partial[3] += select(vec4f(), p.w * value, open.w);
        }
      }
      for (var i = 0u; i < 4u; i++) {
        sums[panel][i] = sums[panel][i] * rescale[local.y * 4u + i] + partial[i];
      }
      workgroupBarrier();
    }
  }
  for (var panel = 0u; panel * 32u < params.headDim; panel++) {
    for (var i = 0u; i < 4u; i++) {
      let row = row0 + local.y * 4u + i;
      for (var j = 0u; j < 4u; j++) {
        let channel = panel * 32u + local.x * 4u + j;
        if (row < params.length && channel < params.headDim) {
          let at = (group.z * params.length + row) * params.heads * params.headDim + head + channel;
          y[at] = sums[panel][i][j] / total[local.y * 4u + i];
        }
      }
    }
  }
}

// 16 channels of 32 rows of q and of 32 keys, transposed; zero beyond the ends.
fn copyPanels(origin: u32, row0: u32, key0: u32, c0: u32, index: u32) {
  let c = index % PANEL;
  for (var group = index / PANEL; group < 8u; group += 4u) {
    var qValues = vec4f();
    var kValues = vec4f();
    for (var i = 0u; i < 4u; i++) {
      let row = row0 + group * 4u + i;
      let key = key0 + group * 4u + i;
      if (c0 + c < params.headDim && row < params.length) {
        qValues[i] = q[origin + row * params.qkvWidth + params.qOffset + c0 + c];
      }
      if (c0 + c < params.headDim && key < params.length) {
        kValues[i] = k[origin + key * params.qkvWidth + params.kOffset + c0 + c];
      }
    }
    qPanel[c * 8u + group] = qValues;
    kPanel[c * 8u + group] = kValues;
  }
}

// 32 channels of v of 32 keys; zero beyond the ends.
fn copyValues(origin: u32, key0: u32, c0: u32, index: u32) {
  let c = index % 8u * 4u;
  for (var j = index / 8u; j < TILE; j += 8u) {
    var values = vec4f();
    for (var i = 0u; i < 4u; i++) {
      if (c0 + c + i < params.headDim && key0 + j < params.length) {
        values[i] = v[origin + (key0 + j) * params.qkvWidth + params.vOffset + c0 + c + i];
      }
    }
    vPanel[j * 8u + c / 4u] = values;
    let exponents = bitcast<vec4u>(values) & vec4u(0x7f800000u);
    if (any(exponents == vec4u(0x7f800000u))) {
      atomicStore(&unbounded, 1u);
    }
  }
}

// #include "lib/blocked.wgsl"
// #include "lib/exp_exact.wgsl"
