// Which positions of a warp read which samples, step 4 of 4 (src/ops/sample-lists.ts): each cell's list in ascending
// order, so that what is summed over it is the same in each run.
//
//   starts [batch, cells + 1]
//   list   [batch, outPlane], sorted in place between the starts
//
// One invocation sorts one cell's list, by heapsort: most lists have a few entries, but a field of flow that has
// collapsed puts all positions into one.

struct Params {
  batch: u32,
  outPlane: u32,
  cells: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> starts: array<u32>;
@group(0) @binding(2) var<storage, read_write> list: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let id = elementOf(group, groups, index);
  if (id >= params.batch * params.cells) {
    return;
  }
  let frame = id / params.cells;
  let at = frame * (params.cells + 1u) + id % params.cells;
  let first = frame * params.outPlane + starts[at];
  let count = starts[at + 1u] - starts[at];
  if (count < 2u) {
    return;
  }
  for (var root = count / 2u; root > 0u; root--) {
    sink(first, root - 1u, count);
  }
  for (var end = count - 1u; end > 0u; end--) {
    let largest = list[first];
    list[first] = list[first + end];
    list[first + end] = largest;
    sink(first, 0u, end);
  }
}

// Lets an entry of a heap sink until none below it is larger.
fn sink(first: u32, root: u32, count: u32) {
  var node = root;
  let value = list[first + root];
  loop {
    var child = 2u * node + 1u;
    if (child >= count) {
      break;
    }
    if (child + 1u < count && list[first + child + 1u] > list[first + child]) {
      child++;
    }
    if (list[first + child] <= value) {
      break;
    }
    list[first + node] = list[first + child];
    node = child;
  }
  list[first + node] = value;
}

// #include "lib/element.wgsl"
