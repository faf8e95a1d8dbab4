// The gradient of what a warp reads, by the lists of positions that read it (src/ops/sample-lists.ts):
//
//   dx[b,c,i,j] = Σ_p mask[b,p] · (1 − |place(p).y − i|) · (1 − |place(p).x − j|) · dy[b,c,p]
//
// over the positions p of the four cells around sample (i,j).
//
//   grid   [batch, outPlane], x and y
//   mask   [batch, outPlane], ones if not given
//   dy     [batch, channels, outPlane]
//   starts [batch, cells + 1], list [batch, outPlane]
//   dx     [batch, channels, height, width]
//
// One invocation makes four channels of one sample. The order of its sum is that of the lists, which are sorted.

struct Params {
  batch: u32,
  channels: u32,
  height: u32,
  width: u32,
  outPlane: u32,
  alignCorners: u32,
  hasMask: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grid: array<vec2f>;
@group(0) @binding(2) var<storage, read> mask: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read> starts: array<u32>;
@group(0) @binding(5) var<storage, read> list: array<u32>;
@group(0) @binding(6) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let id = elementOf(group, groups, index);
  let plane = params.height * params.width;
  let quads = (params.channels + 3u) / 4u;
  let sample = id % plane;
  let channel0 = id / plane % quads * 4u;
  let frame = id / (plane * quads);
  if (frame >= params.batch) {
    return;
  }
  let row = sample / params.width;
  let column = sample % params.width;
  let size = vec2f(f32(params.width), f32(params.height));
  let cells = (params.height + 1u) * (params.width + 1u);
  // Of the last channels some may not be there; they read the last that is.
  let channels = min(channel0 + vec4u(0u, 1u, 2u, 3u), vec4u(params.channels - 1u));
  let source = (frame * params.channels + channels) * params.outPlane;
  var total = vec4f();
  for (var corner = 0u; corner < 4u; corner++) {
    let cell = (row + corner / 2u) * (params.width + 1u) + column + corner % 2u;
    let at = frame * (cells + 1u) + cell;
    var partial = vec4f();
    for (var entry = starts[at]; entry < starts[at + 1u]; entry++) {
      let position = list[frame * params.outPlane + entry];
      let place = samplePlace(grid[frame * params.outPlane + position], size, params.alignCorners);
      let near = 1.0 - abs(place - vec2f(f32(column), f32(row)));
      var weight = near.x * near.y;
      if (params.hasMask != 0u) {
        weight *= mask[frame * params.outPlane + position];
      }
      let given = source + position;
      partial += weight * vec4f(dy[given.x], dy[given.y], dy[given.z], dy[given.w]);
    }
    total += partial;
  }
  for (var i = 0u; i < 4u; i++) {
    if (channel0 + i < params.channels) {
      dx[(frame * params.channels + channel0 + i) * plane + sample] = total[i];
    }
  }
}

// #include "lib/element.wgsl"
// #include "lib/sample_place.wgsl"
