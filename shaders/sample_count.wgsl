// Which positions of a warp read which samples, step 1 of 4 (src/ops/sample-lists.ts): the cell of each position, and
// how many positions each cell has.
//
// A cell lies between four neighbouring samples, the picture's border included: cell (i,j) has the corners (i−1,j−1) …
// (i,j), so that there are (height + 1)·(width + 1). A position that reads no sample has none.
//
//   grid   [batch, outPlane], x and y
//   cell   [batch, outPlane], 0xffffffff where there is none
//   counts [batch, cells], zeros before
//
// One invocation makes one position. Counts are integers, so that their order does not matter.

struct Params {
  batch: u32,
  height: u32,
  width: u32,
  outPlane: u32,
  alignCorners: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grid: array<vec2f>;
@group(0) @binding(2) var<storage, read_write> cell: array<u32>;
@group(0) @binding(3) var<storage, read_write> counts: array<atomic<u32>>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let id = elementOf(group, groups, index);
  if (id >= params.batch * params.outPlane) {
    return;
  }
  let size = vec2i(i32(params.width), i32(params.height));
  let corner = vec2i(floor(samplePlace(grid[id], vec2f(size), params.alignCorners))) + 1;
  var own = 0xffffffffu;
  if (all(corner >= vec2i()) && all(corner <= size)) {
    own = u32(corner.y) * (params.width + 1u) + u32(corner.x);
    let cells = (params.height + 1u) * (params.width + 1u);
    atomicAdd(&counts[id / params.outPlane * cells + own], 1u);
  }
  cell[id] = own;
}

// #include "lib/element.wgsl"
// #include "lib/sample_place.wgsl"
