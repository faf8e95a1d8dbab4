// Bilinear sampling at given places, and how much of the result replaces h:
//
//   warped[b,c,Y,X]  = mask[b,Y,X] · x[b,c] at grid[b,Y,X], zero outside
//   blended[b,c,Y,X] = warped + (1 − mask[b,Y,X]) · h[b,c,Y,X]
//
//   x    [batch, channels, height, width]; frames are frameStride apart (0: all frames share one x)
//   grid [batch, outHeight, outWidth], x and y: −1 and 1 are the centres of the first and last sample (alignCorners = 1)
//        or the picture's borders, half a sample further out (alignCorners = 0)
//   mask [batch, outHeight, outWidth]
//   h, warped, blended [batch, channels, outHeight, outWidth]
//
// A place that is NaN or infinite gives NaN, as PyTorch does on a processor. One invocation makes eight channels of one
// position.

alias Value = f32; // or f16: how x, h and the results are stored

struct Params {
  batch: u32,
  channels: u32,
  height: u32,
  width: u32,
  frameStride: u32,
  outHeight: u32,
  outWidth: u32,
  alignCorners: u32,
  hasMask: u32,
  blend: u32, // 0: h is not read and blended not written
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read> grid: array<vec2f>;
@group(0) @binding(3) var<storage, read> mask: array<f32>;
@group(0) @binding(4) var<storage, read> h: array<Value>;
@group(0) @binding(5) var<storage, read_write> warped: array<Value>;
@group(0) @binding(6) var<storage, read_write> blended: array<Value>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let id = elementOf(workgroup, workgroups, index);
  let outPlane = params.outHeight * params.outWidth;
  let position = id % outPlane;
  let groups = (params.channels + 7u) / 8u;
  let firstChannel = id / outPlane % groups * 8u;
  let frame = id / (outPlane * groups);
  if (frame >= params.batch) {
    return;
  }
  let place = grid[frame * outPlane + position];
  let size = vec2f(f32(params.width), f32(params.height));
  let unbounded = select(((place + 1.0) * size - 1.0) * 0.5, (place + 1.0) * 0.5 * (size - 1.0), params.alignCorners != 0u);
  // Clamped well outside the picture, so that the integers below cannot overflow.
  let at = clamp(unbounded, vec2f(-2.0), size + 1.0);
  let corner = floor(at);
  let part = at - corner;
  let column = vec2i(i32(corner.x)) + vec2i(0, 1);
  let row = vec2i(i32(corner.y)) + vec2i(0, 1);
  let inColumn = (column >= vec2i()) & (column < vec2i(i32(params.width)));
  let inRow = (row >= vec2i()) & (row < vec2i(i32(params.height)));
  let weightX = vec2f(1.0 - part.x, part.x);
  let weightY = vec2f(1.0 - part.y, part.y);
  let weights = vec4f(weightX * weightY.x, weightX * weightY.y);
  let inside = vec4<bool>(inColumn & vec2<bool>(inRow.x), inColumn & vec2<bool>(inRow.y));
  let lost = !(is_finite(place.x) && is_finite(place.y));
  let nan = bitcast<u32>(place.x) | 0x7fc00000u;
  let safeColumn = vec2u(select(vec2i(), column, inColumn));
  let safeRow = vec2u(select(vec2i(), row, inRow)) * params.width;
  let corners = vec4u(safeRow.x + safeColumn, safeRow.y + safeColumn);

  var m = 1.0;
  if (params.hasMask != 0u) {
    m = mask[frame * outPlane + position];
  }
  for (var c = firstChannel; c < min(firstChannel + 8u, params.channels); c++) {
    let source = frame * params.frameStride + c * params.height * params.width + corners;
    let known = select(vec4f(), vec4f(vec4<Value>(x[source.x], x[source.y], x[source.z], x[source.w])), inside);
    let value = bitcast<f32>(select(bitcast<u32>(m * dot(weights, known)), nan, lost));
    let to = (frame * params.channels + c) * outPlane + position;
    warped[to] = Value(value);
    if (params.blend != 0u) {
      blended[to] = Value(value + (1.0 - m) * f32(h[to]));
    }
  }
}

// #include "lib/element.wgsl"
// #include "lib/non_finite.wgsl"
