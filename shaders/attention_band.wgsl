// y[b,i,head] = Σ_j p[i,j] · v[b,j,head],  p[i,·] = softmax_j(q[b,i,head] · k[b,j,head] / √headDim),  |i − j| ≤ reach
//
//   q, k, v [batch, length, qkvWidth], each head's headDim columns beginning at qOffset (kOffset, vOffset) + head·headDim:
//           one tensor packed [q | k | v], or three tensors
//   y       [batch, length, heads·headDim]
//
// The attention of attention.wgsl for a narrow band: a row scores its 2·reach + 1 keys and no others. Thirty-two
// invocations make a row of y for one head, channels 32 apart each; a workgroup makes two rows. Products of q and k are
// added up in each invocation, then across the thirty-two in shared memory; of the few scores each invocation then
// makes the softmax by itself.
//
// A key beyond the ends is no term: its weight and its value are 0. A NaN score makes its row NaN, whether or not max
// drops it: exp(NaN − m) and exp(x − NaN) are NaN both.

// #include "lib/attention_params.wgsl"

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<f32>;
@group(0) @binding(2) var<storage, read> k: array<f32>;
@group(0) @binding(3) var<storage, read> v: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

const LANES = 32u; // of a row
const ROWS = 2u;
const KEYS = 17u; // of the widest band, reach 8

var<workgroup> partial: array<f32, ROWS * KEYS * LANES>; // [row][key][lane]
var<workgroup> scores: array<f32, ROWS * KEYS>;

@compute @workgroup_size(LANES, ROWS)
fn main(
  @builtin(workgroup_id) group: vec3u, // rows, head, batch
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let keys = 2u * params.reach + 1u;
  let last = params.length - 1u;
  let row = min(group.x * ROWS + local.y, last); // rows beyond the last are copies of it and are not stored
  let head = (params.firstHead + group.y) * params.headDim;
  let origin = group.z * params.length * params.qkvWidth + head;
  let channel = local.x + LANES * vec4u(0u, 1u, 2u, 3u); // of heads up to 128 wide
  let known = channel < vec4u(params.headDim);
  let column = origin + min(channel, vec4u(params.headDim - 1u));

  let qAt = column + params.qOffset + row * params.qkvWidth;
  let query = select(vec4f(), vec4f(q[qAt.x], q[qAt.y], q[qAt.z], q[qAt.w]), known);
  for (var n = 0u; n < keys; n++) {
    let at = column + params.kOffset + keyAt(row, n) * params.qkvWidth;
    let values = select(vec4f(), vec4f(k[at.x], k[at.y], k[at.z], k[at.w]), known);
    partial[(local.y * KEYS + n) * LANES + local.x] = dot(query, values);
  }
  workgroupBarrier();
  for (var n = local.x; n < keys; n += LANES) {
    var sum = 0.0;
    for (var lane = 0u; lane < LANES; lane++) {
      sum += partial[(local.y * KEYS + n) * LANES + (lane + local.x) % LANES];
    }
    scores[local.y * KEYS + n] = sum * params.scale;
  }
  workgroupBarrier();

  var largest = scores[local.y * KEYS + params.reach]; // with the row itself
  for (var n = 0u; n < keys; n++) {
    largest = select(largest, max(largest, scores[local.y * KEYS + n]), isOpen(row, n));
  }
  var total = 0.0;
  var sums = vec4f();
  for (var n = 0u; n < keys; n++) {
    let open = isOpen(row, n);
    let p = select(0.0, exp_exact(scores[local.y * KEYS + n] - largest), open);
    total += p;
    let at = column + params.vOffset + keyAt(row, n) * params.qkvWidth;
    let values = select(vec4f(), vec4f(v[at.x], v[at.y], v[at.z], v[at.w]), open);
    sums = fma(vec4f(p), values, sums);
  }
  if (group.x * ROWS + local.y <= last) {
    let at = (group.z * params.length + row) * params.heads * params.headDim + head;
    for (var i = 0u; i < 4u; i++) {
      if (known[i]) {
        y[at + channel[i]] = sums[i] / total;
      }
    }
  }
}

// The n-th key of a row's band; beyond the ends the first or the last.
fn keyAt(row: u32, n: u32) -> u32 {
  return min(max(row + n, params.reach) - params.reach, params.length - 1u);
}

// Whether that is a key of the sequence.
fn isOpen(row: u32, n: u32) -> bool {
  return row + n >= params.reach && row + n - params.reach < params.length;
}

// #include "lib/exp_exact.wgsl"
