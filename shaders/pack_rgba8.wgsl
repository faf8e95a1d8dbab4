// Pixels of 8 bits from a picture of −1 … 1: each channel is ⌊(clamp(v, −1, 1) + 1)/2 · 255⌋, 0 of NaN as in PyTorch.
// Alpha is 255, and 0 where a channel is NaN or infinite: that is how the host sees it.
//
//   x      [batch, 3, plane]
//   pixels [batch, plane], red in the lowest byte: in memory R, G, B, A
//
// One invocation makes one pixel.

struct Params {
  batch: u32,
  plane: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> pixels: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let id = elementOf(workgroup, workgroups, index);
  if (id >= params.batch * params.plane) {
    return;
  }
  let at = id / params.plane * 3u * params.plane + id % params.plane;
  let value = vec3f(x[at], x[at + params.plane], x[at + 2u * params.plane]);
  let level = vec3u((clamp(value, vec3f(-1.0), vec3f(1.0)) + 1.0) / 2.0 * 255.0);
  let known = select(level, vec3u(), vec3<bool>(is_nan(value.x), is_nan(value.y), is_nan(value.z)));
  let alpha = select(0u, 255u, is_finite(value.x) && is_finite(value.y) && is_finite(value.z));
  pixels[id] = known.x | (known.y << 8u) | (known.z << 16u) | (alpha << 24u);
}

// #include "lib/element.wgsl"
// #include "lib/non_finite.wgsl"
