// Pixels of 8 bits from a picture of −1 … 1: each channel is ⌊(clamp(v, −1, 1) + 1)/2 · 255⌋, alpha 255.
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
  pixels[id] = level.x | (level.y << 8u) | (level.z << 16u) | (255u << 24u);
}

// #include "lib/element.wgsl"
