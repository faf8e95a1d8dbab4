// Which positions of a warp read which samples, step 3 of 4 (src/ops/sample-lists.ts): the positions of each cell, in
// any order.
//
//   list[b, starts[b,cell] … ] = the positions with this cell
//
//   cell   [batch, outPlane]
//   starts [batch, cells + 1]
//   counts [batch, cells]; zeros after
//   list   [batch, outPlane]
//
// One invocation places one position; the next free place of its cell is what is left of the cell's count.

struct Params {
  batch: u32,
  outPlane: u32,
  cells: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> cell: array<u32>;
@group(0) @binding(2) var<storage, read> starts: array<u32>;
@group(0) @binding(3) var<storage, read_write> counts: array<atomic<u32>>;
@group(0) @binding(4) var<storage, read_write> list: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let id = elementOf(group, groups, index);
  if (id >= params.batch * params.outPlane || cell[id] == 0xffffffffu) {
    return;
  }
  let frame = id / params.outPlane;
  let left = atomicSub(&counts[frame * params.cells + cell[id]], 1u);
  let place = starts[frame * (params.cells + 1u) + cell[id]] + left - 1u;
  list[frame * params.outPlane + place] = id % params.outPlane;
}

// #include "lib/element.wgsl"
