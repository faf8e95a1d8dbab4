// y[t,j] = x[t·step + j] for j < size, 0 for size ≤ j < width
//
//   x [samples]
//   y [windows, width/4]   size rounded up to a multiple of four is width
//
// One invocation four elements of a window.

struct Params {
  windows: u32,
  size: u32,
  step: u32,
  fours: u32, // width/4
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u, // windows, four
  @builtin(local_invocation_index) index: u32,
) {
  let window = group.x * 64u + index;
  if (window >= params.windows) {
    return;
  }
  var values = vec4f();
  for (var i = 0u; i < 4u; i++) {
    let j = group.y * 4u + i;
    if (j < params.size) {
      values[i] = x[window * params.step + j];
    }
  }
  y[window * params.fours + group.y] = values;
}
