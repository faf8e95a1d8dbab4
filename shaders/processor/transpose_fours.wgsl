// y[b,c,r] = x[b,r,c], for adapters that are a processor: no shared memory and no barrier
//
//   x [batch, rows, columns]
//   y [batch, columns, rows], rows a multiple of four
//
// One invocation makes four neighbours of y. Neighbouring invocations read neighbouring elements of x.

struct Params {
  rows: u32,
  columns: u32,
  batch: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let at = elementOf(group, groups, index);
  let columns = params.columns;
  let fours = params.rows / 4u;
  if (at >= params.batch * fours * columns) {
    return;
  }
  let column = at % columns;
  let four = at / columns % fours;
  let batch = at / (columns * fours);
  let first = (batch * params.rows + 4u * four) * columns + column;
  y[(batch * columns + column) * fours + four] =
    vec4f(x[first], x[first + columns], x[first + 2u * columns], x[first + 3u * columns]);
}

// #include "lib/element.wgsl"
