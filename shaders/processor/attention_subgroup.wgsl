// The attention of attention.wgsl for adapters that are a processor: without shared memory and barriers, which cost
// more there than they save.
//
//   y[b,i,head] = Σ_j p[i,j] · v[b,j,head],  p[i,·] = softmax_j(q[b,i,head] · k[b,j,head] / √headDim),  |i − j| ≤ reach
//
//   q, k, v [batch, length, qkvWidth/4], each head's columns from qOffset (kOffset, vOffset) + head·headDim: all in fours
//   y       [batch, length, heads·headDim/4]
//
// A workgroup is a few lanes of SIMD, an invocation makes one row of y for one head. It takes the keys eight at a time,
// those that any of the eight rows can reach; the softmax is summed as it goes, as in attention.wgsl. All rows need the
// same keys and values, so the lanes share the loading: in each quad, lane j loads four channels of key j and of key j
// + 4, and swaps with its neighbours bring the others' (see conv1d_subgroup.wgsl), to each lane in an order of its own.
enable subgroups;

// #include "lib/attention_params.wgsl"

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> v: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;

const LANES = 8u;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u, // rows, head, batch
  @builtin(local_invocation_index) index: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let row0 = group.x * LANES;
  let row = row0 + index;
  let channels = params.headDim / 4u;
  let width = params.qkvWidth / 4u;
  let head = params.firstHead + group.y;
  let origin = group.z * params.length * width + head * channels;
  let order = vec4u(lane & 3u) ^ vec4u(0u, 1u, 2u, 3u); // in which this lane meets the keys of its quad
  let qAt = origin + min(row, params.length - 1u) * width + params.qOffset / 4u;

  var sums: array<vec4f, 32>; // of this row's channels
  var largest = BLOCKED; // score so far
  var total = 0.0; // Σ exp(score − largest) so far
  let firstKey = row0 - min(row0, params.reach);
  let endKey = min(params.length, row0 + LANES + params.reach);
  for (var key0 = firstKey; key0 < endKey; key0 += 8u) {
    let own = origin + min(vec2u(key0, key0 + 4u) + (lane & 3u), vec2u(params.length - 1u)) * width;
    let kAt = own + params.kOffset / 4u;
    let vAt = own + params.vOffset / 4u;
    var near = vec4f(); // scores of keys key0 … key0 + 3
    var far = vec4f(); // and of the four after them
    for (var c = 0u; c < channels; c++) {
      let query = q[qAt + c];
      near += query * ofQuad(k[kAt.x + c]);
      far += query * ofQuad(k[kAt.y + c]);
    }
    near = masked(near * params.scale, row, key0 + order);
    far = masked(far * params.scale, row, key0 + 4u + order);
    let openNear = is_open(near);
    let openFar = is_open(far);
    let most = max(largest, max(greatest(near), greatest(far)));
    let rescale = exp_exact(largest - most);
    largest = most;
    near = exponentials(near, most, openNear);
    far = exponentials(far, most, openFar);
    total = total * rescale + dot(near, vec4f(1.0)) + dot(far, vec4f(1.0));
    for (var c = 0u; c < channels; c++) {
      let values = kept(ofQuad(v[vAt.x + c]), openNear) * near + kept(ofQuad(v[vAt.y + c]), openFar) * far;
      sums[c] = sums[c] * rescale + values;
    }
  }
  if (row < params.length) {
    let at = ((group.z * params.length + row) * params.heads + head) * channels;
    for (var c = 0u; c < channels; c++) {
      y[at + c] = sums[c] / total;
    }
  }
}

// Scores of four keys, BLOCKED where the row does not attend to them.
fn masked(scores: vec4f, row: u32, key: vec4u) -> vec4f {
  let open = (key < vec4u(params.length)) & reaches(vec4u(row), key);
  return select(vec4f(BLOCKED), scores, open);
}

fn greatest(scores: vec4f) -> f32 {
  return max(max(scores.x, scores.y), max(scores.z, scores.w));
}

// Columns of keys that the row does not attend to become 0: 0·∞ would be NaN.
fn kept(values: mat4x4f, open: vec4<bool>) -> mat4x4f {
  return mat4x4f(
    select(vec4f(), values[0], open.x),
    select(vec4f(), values[1], open.y),
    select(vec4f(), values[2], open.z),
    select(vec4f(), values[3], open.w),
  );
}

fn exponentials(scores: vec4f, most: f32, open: vec4<bool>) -> vec4f {
  let p = vec4f(exp_exact(scores.x - most), exp_exact(scores.y - most), exp_exact(scores.z - most), exp_exact(scores.w - most));
  return select(vec4f(), p, open);
}

// #include "lib/blocked.wgsl"
// #include "lib/exp_exact.wgsl"
// #include "lib/of_quad.wgsl"
