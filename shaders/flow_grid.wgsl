// Where to sample and how much of it to take, from the three flow channels o:
//
//   grid[b,Y,X] = (X̂ + tanh o[b,0,Y,X], Ŷ + tanh o[b,1,Y,X]),  X̂ = −1 … 1 in equal steps, both ends included
//   mask[b,Y,X] = σ(o[b,2,Y,X])
//
//   o    [batch, 3, height, width]
//   grid [batch, height, width], x and y
//   mask [batch, height, width]
//
// One invocation makes one position.

struct Params {
  batch: u32,
  height: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> o: array<f32>;
@group(0) @binding(2) var<storage, read_write> grid: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> mask: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let id = elementOf(workgroup, workgroups, index);
  let plane = params.height * params.width;
  if (id >= params.batch * plane) {
    return;
  }
  let size = vec2f(f32(params.width), f32(params.height));
  let place = vec2f(f32(id % params.width), f32(id / params.width % params.height));
  let identity = (2.0 * place - (size - 1.0)) / (size - 1.0);
  let at = id / plane * 3u * plane + id % plane;
  grid[id] = identity + vec2f(tanh_exact(o[at]), tanh_exact(o[at + plane]));
  mask[id] = 1.0 / (1.0 + exp_exact(-o[at + 2u * plane]));
}

// #include "lib/element.wgsl"
// #include "lib/exp_exact.wgsl"
// #include "lib/tanh_exact.wgsl"
