// The adjoint of max_pool2d.wgsl: dy goes to the first of a square's largest, row by row, as in PyTorch; the others get
// 0. An element of y has a square of its own, so that nothing is added up.
//
//   x, dx [channels, height·side, width·side]
//   dy    [channels, height, width]
//
// One invocation makes the square of an element of y.

struct Params {
  count: u32, // channels·height·width
  width: u32,
  side: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

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
  var best = 0u;
  var most = x[first];
  for (var i = 1u; i < params.side * params.side; i++) {
    let value = x[first + i / params.side * line + i % params.side];
    if (value > most) {
      most = value;
      best = i;
    }
  }
  for (var i = 0u; i < params.side * params.side; i++) {
    dx[first + i / params.side * line + i % params.side] = select(0.0, dy[at], i == best);
  }
}

// #include "lib/element.wgsl"
