// y[o,i] = Σ_r x[o,r,i]
//
//   x [outer, rows, inner]
//   y [outer, inner]
//
// One workgroup of 16×8 makes 16 columns: invocation (i, lane) sums rows lane, lane + 8, … of column i, sixteen at a
// time to round less, and the first lane adds up the eight sums. The order is fixed: the same x gives the same y, bit
// for bit.

struct Params {
  rows: u32,
  inner: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

const WIDE = 16u;
const LANES = 8u;
const BLOCK = 16u;

var<workgroup> sums: array<f32, 128>; // [lane][column]

@compute @workgroup_size(WIDE, LANES)
fn main(
  @builtin(workgroup_id) group: vec3u, // columns, outer
  @builtin(local_invocation_id) local: vec3u,
) {
  let column = group.x * WIDE + local.x;
  let lane = local.y;
  let inside = column < params.inner;
  let start = group.y * params.rows * params.inner + column;
  var sum = 0.0;
  if (inside) {
    for (var r0 = lane; r0 < params.rows; r0 += BLOCK * LANES) {
      var partial = 0.0;
      for (var r = r0; r < min(r0 + BLOCK * LANES, params.rows); r += LANES) {
        partial += x[start + r * params.inner];
      }
      sum += partial;
    }
  }
  sums[lane * WIDE + local.x] = sum;
  workgroupBarrier();
  if (inside && lane == 0u) {
    var total = 0.0;
    for (var l = 0u; l < LANES; l++) {
      total += sums[l * WIDE + local.x];
    }
    y[group.y * params.inner + column] = total;
  }
}
