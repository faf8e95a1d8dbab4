// Which positions of a warp read which samples, step 2 of 4 (src/ops/sample-lists.ts): where the list of each cell
// begins.
//
//   starts[b,i] = Σ_{j<i} counts[b,j], and the sum of all at the end
//
//   counts [batch, cells]
//   starts [batch, cells + 1]
//
// One workgroup of 256 makes a frame: each invocation adds up a run of cells, then goes over it again from where the
// runs before it end.

struct Params {
  cells: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> counts: array<u32>;
@group(0) @binding(2) var<storage, read_write> starts: array<u32>;

const LANES = 256u;

var<workgroup> runs: array<u32, 256>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let origin = group.x * params.cells;
  let run = (params.cells + LANES - 1u) / LANES;
  let first = min(lane * run, params.cells);
  let end = min(first + run, params.cells);
  var sum = 0u;
  for (var i = first; i < end; i++) {
    sum += counts[origin + i];
  }
  runs[lane] = sum;
  workgroupBarrier();
  var start = 0u;
  for (var i = 0u; i < lane; i++) {
    start += runs[i];
  }
  let to = group.x * (params.cells + 1u);
  for (var i = first; i < end; i++) {
    starts[to + i] = start;
    start += counts[origin + i];
  }
  if (lane == LANES - 1u) {
    starts[to + params.cells] = start;
  }
}
