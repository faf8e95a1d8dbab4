// y[c,Y,X] = the largest of x[c, Y·side … Y·side + side − 1, X·side … ]: max_pool2d(x, side)
//
//   x [channels, height·side, width·side]
//   y [channels, height, width]
//
// One invocation an element of y.

struct Params {
  count: u32, // channels·height·width
  width: u32,
  side: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let at = elementOf(group, groups, index);
  if (at >= params.count) {
    return;
  }
  let line = params.width * params.side;
  let first = at / params.width * params.side * line + at % params.width * params.side;
  var most = x[first];
  for (var i = 1u; i < params.side * params.side; i++) {
    most = larger(most, x[first + i / params.side * line + i % params.side]);
  }
  y[at] = most;
}

// #include "lib/element.wgsl"
// #include "lib/non_finite.wgsl"
