// y[b,i,head] = Σ_j p[i,j] · v[b,j,head],  p[i,·] = softmax_j(q[b,i,head] · k[b,j,head] / √headDim),  |i − j| ≤ reach
//
//   q, k, v [batch, length, qkvWidth], each head's headDim columns beginning at qOffset (kOffset, vOffset) + head·headDim:
//           one tensor packed [q | k | v], or three tensors
//   y       [batch, length, heads·headDim]
//
// One workgroup makes 16 rows of y and 64 channels of one head (of heads wider than that, two make the same
// scores). It takes the keys in blocks of 64 and never holds more than a block of scores: the softmax is summed as it
// goes, exp being taken relative to the largest score so far; when a later block has a larger one, what has been summed
// is scaled down to it. Blocks out of reach of all its rows are not visited.
//
// The 16×4 invocations split a block of scores into pieces of 4 rows × 4 keys, and the rows of y into pieces of 4
// rows × 4 channels. Panels of 16 channels of q and k, then of 16 keys of v, pass through shared memory, where a row of
// a panel is one vec4 longer than it need be, so that neighbours write to different banks. Every panel and every block
// is summed by itself before it joins the total (see linear.wgsl).
//
// A key out of reach is no term: its weight is 0, and where there is a band its value becomes 0 too, since 0·∞ is NaN.
// A NaN score makes its row NaN, whether or not max drops it: exp(NaN − m) and exp(x − NaN) are NaN both.

override BANDED: bool = false; // reach < length − 1
// #include "lib/attention_params.wgsl"

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<f32>;
@group(0) @binding(2) var<storage, read> k: array<f32>;
@group(0) @binding(3) var<storage, read> v: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

const WIDE = 16u;
const HIGH = 4u;
const BLOCK = 4u * WIDE; // keys
const PANEL = 16u; // channels of q and k, keys of v
const ROW = WIDE + 1u;

var<workgroup> qPanel: array<vec4f, PANEL * (HIGH + 1)>; // [channel][row/4]
var<workgroup> panel: array<vec4f, PANEL * ROW>; // of k: [channel][key mod 16]; of v: [key][channel mod 16]
var<workgroup> weights: array<vec4f, BLOCK * HIGH>; // [key][row/4], exponentials; before that [key mod 16][row/4], largest

@compute @workgroup_size(WIDE, HIGH)
fn main(
  @builtin(workgroup_id) group: vec3u, // rows, head · part of its channels, batch
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let parts = (params.headDim + 63u) / 64u;
  let row0 = group.x * 4u * HIGH;
  let head = (params.firstHead + group.y / parts) * params.headDim;
  let channel0 = group.y % parts * 64u;
  let origin = group.z * params.length * params.qkvWidth + head;
  let four = vec4u(0u, 1u, 2u, 3u);
  let rows = row0 + local.y * 4u + four;
  // An invocation copies one channel of four rows of q and of four times four
  // keys, 16 apart; and four channels, 16 apart, of four values. What lies beyond the ends is a copy of the last and is no term.
  let copyC = index % PANEL;
  let copyRow = index / PANEL;
  let qAt = origin + params.qOffset + min(row0 + copyRow * 4u + four, vec4u(params.length - 1u)) * params.qkvWidth;
  let channels = channel0 + copyC + WIDE * four;
  let vAt = origin + params.vOffset + min(channels, vec4u(params.headDim - 1u));

  var s0 = vec4f(); // of rows 0 … 3, four channels each
  var s1 = vec4f();
  var s2 = vec4f();
  var s3 = vec4f();
  var largest = vec4f(BLOCKED); // score of each row so far
  var total = vec4f(); // Σ exp(score − largest) of each row so far
  let firstKey = row0 - min(row0, params.reach);
  let endKey = min(params.length, row0 + 4u * HIGH + params.reach);
  for (var key0 = firstKey; key0 < endKey; key0 += BLOCK) {
    // Scores of 4 rows with each of 4 keys.
    var k0 = vec4f();
    var k1 = vec4f();
    var k2 = vec4f();
    var k3 = vec4f();
    for (var c0 = 0u; c0 < params.headDim; c0 += PANEL) {
      let known = c0 + copyC < params.headDim;
      let c = min(c0 + copyC, params.headDim - 1u);
      let qFour = vec4f(q[qAt.x + c], q[qAt.y + c], q[qAt.z + c], q[qAt.w + c]);
      qPanel[copyC * (HIGH + 1u) + copyRow] = select(vec4f(), qFour, known);
      for (var i = 0u; i < WIDE / HIGH; i++) {
        let keys = min(key0 + copyRow + i * HIGH + WIDE * four, vec4u(params.length - 1u));
        let kAt = origin + params.kOffset + keys * params.qkvWidth + c;
        let kFour = vec4f(k[kAt.x], k[kAt.y], k[kAt.z], k[kAt.w]);
        panel[copyC * ROW + copyRow + i * HIGH] = select(vec4f(), kFour, known);
      }
      workgroupBarrier();
      var p0 = vec4f();
      var p1 = vec4f();
      var p2 = vec4f();
      var p3 = vec4f();
      for (var j = 0u; j < PANEL; j++) {
        let a = qPanel[j * (HIGH + 1u) + local.y];
        let b = panel[j * ROW + local.x];
        p0 = fma(vec4f(b.x), a, p0);
        p1 = fma(vec4f(b.y), a, p1);
        p2 = fma(vec4f(b.z), a, p2);
        p3 = fma(vec4f(b.w), a, p3);
      }
      k0 += p0;
      k1 += p1;
      k2 += p2;
      k3 += p3;
      workgroupBarrier();
    }
    k0 = masked(k0, rows, key0 + local.x);
    k1 = masked(k1, rows, key0 + local.x + WIDE);
    k2 = masked(k2, rows, key0 + local.x + 2u * WIDE);
    k3 = masked(k3, rows, key0 + local.x + 3u * WIDE);
    weights[local.x * HIGH + local.y] = max(max(k0, k1), max(k2, k3));
    workgroupBarrier();
    var most = largest;
    for (var j = 0u; j < WIDE; j++) {
      most = max(most, weights[j * HIGH + local.y]);
    }
    workgroupBarrier();
    let rescale = exponentials(largest, most);
    largest = most;
    weights[local.x * HIGH + local.y] = exponentials(k0, most);
    weights[(local.x + WIDE) * HIGH + local.y] = exponentials(k1, most);
    weights[(local.x + 2u * WIDE) * HIGH + local.y] = exponentials(k2, most);
    weights[(local.x + 3u * WIDE) * HIGH + local.y] = exponentials(k3, most);
    total *= rescale;
    s0 *= rescale.x;
    s1 *= rescale.y;
    s2 *= rescale.z;
    s3 *= rescale.w;
    for (var j0 = 0u; j0 < min(BLOCK, endKey - key0); j0 += PANEL) {
      for (var i = 0u; i < PANEL / HIGH; i++) {
        let j = copyRow + i * HIGH;
        let at = vAt + min(key0 + j0 + j, params.length - 1u) * params.qkvWidth;
        let known = vec4<bool>(key0 + j0 + j < params.length);
        panel[j * ROW + copyC] = select(vec4f(), vec4f(v[at.x], v[at.y], v[at.z], v[at.w]), known);
      }
      workgroupBarrier();
      var p0 = vec4f();
      var p1 = vec4f();
      var p2 = vec4f();
      var p3 = vec4f();
      var sum = vec4f();
      for (var j = 0u; j < PANEL; j++) {
        let p = weights[(j0 + j) * HIGH + local.y];
        let value = panel[j * ROW + local.x];
        sum += p;
        if (BANDED) {
          let open = reaches(rows, vec4u(key0 + j0 + j));
          p0 = fma(vec4f(p.x), select(vec4f(), value, open.x), p0);
          p1 = fma(vec4f(p.y), select(vec4f(), value, open.y), p1);
          p2 = fma(vec4f(p.z), select(vec4f(), value, open.z), p2);
          p3 = fma(vec4f(p.w), select(vec4f(), value, open.w), p3);
        } else {
          p0 = fma(vec4f(p.x), value, p0);
          p1 = fma(vec4f(p.y), value, p1);
          p2 = fma(vec4f(p.z), value, p2);
          p3 = fma(vec4f(p.w), value, p3);
        }
      }
      total += sum;
      s0 += p0;
      s1 += p1;
      s2 += p2;
      s3 += p3;
      workgroupBarrier();
    }
  }
  let at = (group.z * params.length + rows) * params.heads * params.headDim + head;
  for (var j = 0u; j < 4u; j++) {
    let channel = channel0 + local.x + WIDE * j;
    if (channel < params.headDim) {
      let values = vec4f(s0[j], s1[j], s2[j], s3[j]) / total;
      for (var i = 0u; i < 4u; i++) {
        if (rows[i] < params.length) {
          y[at[i] + channel] = values[i];
        }
      }
    }
  }
}

// Scores of a key with four rows, BLOCKED where it is none of theirs.
fn masked(score: vec4f, rows: vec4u, key: u32) -> vec4f {
  let open = reaches(rows, vec4u(key)) & vec4<bool>(key < params.length);
  return select(vec4f(BLOCKED), score * params.scale, open);
}

// exp(score − most), 0 where the score is BLOCKED.
fn exponentials(score: vec4f, most: vec4f) -> vec4f {
  let d = score - most;
  return select(vec4f(), vec4f(exp_exact(d.x), exp_exact(d.y), exp_exact(d.z), exp_exact(d.w)), is_open(score));
}

// #include "lib/blocked.wgsl"
// #include "lib/exp_exact.wgsl"
