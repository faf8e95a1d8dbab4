// dv[b,n,c] of mainWeight·main + velocityWeight·velocity, the two terms of motion_loss.wgsl. With e = v − u and
// D(e) = sign e (power 1) or 2e (power 2),
//
//   dv[n] = mainFactor·D(e[n]) + velocityFactor·(D(e[n] − e[n−1]) − D(e[n+1] − e[n])),  0 in rows before firstRow
//
//   v, u, dv [batch, frames, width]
//
// One invocation an entry.

struct Params {
  count: u32, // batch·frames·width
  frames: u32,
  width: u32,
  firstRow: u32,
  squared: u32,
  mainFactor: f32, // weights included
  velocityFactor: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> v: array<f32>;
@group(0) @binding(2) var<storage, read> u: array<f32>;
@group(0) @binding(3) var<storage, read_write> dv: array<f32>;

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
  let frame = at / params.width % params.frames;
  var slope = 0.0;
  if (frame >= params.firstRow) {
    slope = params.mainFactor * derivative(v[at] - u[at]);
    if (frame > params.firstRow) {
      slope += params.velocityFactor * step(at - params.width, at);
    }
    if (frame + 1u < params.frames) {
      slope -= params.velocityFactor * step(at, at + params.width);
    }
  }
  dv[at] = slope;
}

fn step(a: u32, b: u32) -> f32 {
  return derivative(v[b] - v[a] - (u[b] - u[a]));
}

fn derivative(e: f32) -> f32 {
  return select(sign(e), 2.0 * e, params.squared != 0u);
}

// #include "lib/element.wgsl"
