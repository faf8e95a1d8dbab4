// Where to sample and how much of it to take: the gradients of grid and mask in warped = mask·s, s the bilinear sample
// of x (grid_sample.wgsl). With x₀₀ … x₁₁ the corners around the place, p the way between them, and dy that of warped:
//
//   dmask = Σ_c dy[c]·s[c]
//   dgrid = mask · Σ_c dy[c]·∂s[c]/∂place · ∂place/∂grid
//   ∂s/∂x = (1 − p.y)·(x₁₀ − x₀₀) + p.y·(x₁₁ − x₀₁), and so along y
//
//   x            [batch, channels, height, width], zero outside
//   grid, dgrid  [batch, outPlane], x and y
//   mask, dmask  [batch, outPlane]
//   dy           [batch, channels, outPlane]
//
// One invocation makes one position, eight channels at a time summed by themselves.

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
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> grid: array<vec2f>;
@group(0) @binding(3) var<storage, read> mask: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read_write> dgrid: array<vec2f>;
@group(0) @binding(6) var<storage, read_write> dmask: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let id = elementOf(group, groups, index);
  if (id >= params.batch * params.outPlane) {
    return;
  }
  let frame = id / params.outPlane;
  let size = vec2f(f32(params.width), f32(params.height));
  let at = samplePlace(grid[id], size, params.alignCorners);
  let corner = floor(at);
  let part = at - corner;
  let column = vec2i(i32(corner.x)) + vec2i(0, 1);
  let row = vec2i(i32(corner.y)) + vec2i(0, 1);
  let inColumn = (column >= vec2i()) & (column < vec2i(i32(params.width)));
  let inRow = (row >= vec2i()) & (row < vec2i(i32(params.height)));
  let inside = vec4<bool>(inColumn & vec2<bool>(inRow.x), inColumn & vec2<bool>(inRow.y));
  let safeColumn = vec2u(select(vec2i(), column, inColumn));
  let safeRow = vec2u(select(vec2i(), row, inRow)) * params.width;
  let corners = vec4u(safeRow.x + safeColumn, safeRow.y + safeColumn);
  let weights = vec4f(
    vec2f(1.0 - part.x, part.x) * (1.0 - part.y),
    vec2f(1.0 - part.x, part.x) * part.y,
  );
  let alongX = vec4f(part.y - 1.0, 1.0 - part.y, -part.y, part.y);
  let alongY = vec4f(part.x - 1.0, -part.x, 1.0 - part.x, part.x);
  var total = vec3f();
  for (var first = 0u; first < params.channels; first += 8u) {
    var partial = vec3f();
    for (var c = first; c < min(first + 8u, params.channels); c++) {
      let channel = frame * params.channels + c;
      let source = channel * params.height * params.width + corners;
      let known = select(vec4f(), vec4f(x[source.x], x[source.y], x[source.z], x[source.w]), inside);
      let d = dy[channel * params.outPlane + id % params.outPlane];
      partial += d * vec3f(dot(alongX, known), dot(alongY, known), dot(weights, known));
    }
    total += partial;
  }
  // ∂place/∂grid
  let stretch = 0.5 * select(size, size - 1.0, params.alignCorners != 0u);
  var m = 1.0;
  if (params.hasMask != 0u) {
    m = mask[id];
    dmask[id] = total.z;
  }
  dgrid[id] = m * total.xy * stretch;
}

// #include "lib/element.wgsl"
// #include "lib/sample_place.wgsl"
