// The end of a residual block whose shortcut has no weights: max pooling where the block halves the picture, zeros for
// the channels it adds (BlazeFace, Fig. 1).
//
//   y[b,c,Y,X] = max(0, v[b,c,Y,X] + s[b,c,Y,X])
//   s[b,c,Y,X] = max over 0 ≤ i,j < pool of x[b,c, Y·pool+i, X·pool+j] for c < inputs, else 0
//
//   v, y [batch, channels, height, width]
//   x    [batch, inputs, height·pool, width·pool]
//
// One invocation an element of y.

struct Params {
  count: u32, // batch·channels·height·width
  channels: u32,
  height: u32,
  width: u32,
  inputs: u32, // 0: no shortcut, only the ReLU
  pool: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> v: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

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
  let column = at % params.width;
  let row = at / params.width % params.height;
  let plane = at / (params.width * params.height);
  let channel = plane % params.channels;
  var value = v[at];
  if (channel < params.inputs) {
    let source = plane / params.channels * params.inputs + channel;
    let rowLength = params.width * params.pool;
    let first = (source * params.height + row) * params.pool * rowLength + column * params.pool;
    var most = x[first];
    for (var i = 0u; i < params.pool * params.pool; i++) {
      most = larger(most, x[first + i / params.pool * rowLength + i % params.pool]);
    }
    value += most;
  }
  y[at] = larger(value, 0.0);
}

// #include "lib/element.wgsl"
// #include "lib/non_finite.wgsl"
