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
  let id = (workgroup.y * workgroups.x + workgroup.x) * 64u + index;
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

// WGSL promises little for exp and tanh; these hold to a few units in the last place on every adapter.
// test/shaders.test.ts keeps all copies of these functions equal.

// e^v = 2^n · e^r with |r| ≤ ln2/2, ln 2 in two parts so that v − n·ln 2 is exact; Taylor series for e^r.
fn exp_exact(v: f32) -> f32 {
  let x = clamp(v, -87.0, 88.0);
  let n = round(x * 1.442695);
  let r = (x - n * 0.693359375) + n * 2.1219444e-4;
  var p = 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  return ldexp((p * r * r + r) + 1.0, i32(n));
}

// tanh by Lambert's continued fraction near 0, by exp elsewhere, where 1 − 2/(e²ᵛ+1) does not cancel.
fn tanh_exact(v: f32) -> f32 {
  let s = v * v;
  let small = v * (945.0 + s * (105.0 + s)) / (945.0 + s * (420.0 + s * 15.0));
  let large = sign(v) * (1.0 - 2.0 / (exp_exact(2.0 * abs(v)) + 1.0));
  return select(large, small, s < 0.36);
}
