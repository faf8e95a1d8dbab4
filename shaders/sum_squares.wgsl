// partial[g] = Σ x², over the elements of one of 256 equal pieces of x
//
//   x       [count]
//   partial [256]
//
// One workgroup a piece: each invocation sums every 64th element, sixteen at a time to round less. adam.wgsl adds up
// the pieces; the order is fixed.

struct Params {
  count: u32,
  piece: u32, // ⌈count/256⌉
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;

const LANES = 64u;
const BLOCK = 16u;

var<workgroup> sums: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = group.x * params.piece;
  let end = min(first + params.piece, params.count);
  var sum = 0.0;
  for (var i0 = first + lane; i0 < end; i0 += BLOCK * LANES) {
    var block = 0.0;
    for (var i = i0; i < min(i0 + BLOCK * LANES, end); i += LANES) {
      block += x[i] * x[i];
    }
    sum += block;
  }
  sums[lane] = sum;
  workgroupBarrier();
  if (lane == 0u) {
    var total = 0.0;
    for (var l = 0u; l < LANES; l++) {
      total += sums[l];
    }
    partial[group.x] = total;
  }
}
