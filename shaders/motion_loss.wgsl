// The terms of the loss on motion, each entry by itself; sum_rows.wgsl adds them up. With e = v − u,
//
//   terms[0,i] = |e[b,n,c]|^power/count             rows n ≥ firstRow
//   terms[1,i] = |e[b,n+1,c] − e[b,n,c]|^power/pairs   both rows ≥ firstRow
//
//   v, u   [batch, frames, width]
//   terms  [batch·frames·width, 2]
//
// power is 1 (Eq. 10–12 of the paper) or 2 (Eq. 21–24). One invocation an entry.

struct Params {
  count: u32, // batch·frames·width
  frames: u32,
  width: u32,
  firstRow: u32,
  squared: u32,
  mainFactor: f32, // 1/entries in rows ≥ firstRow
  velocityFactor: f32, // 1/entries of their differences
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> v: array<f32>;
@group(0) @binding(2) var<storage, read> u: array<f32>;
@group(0) @binding(3) var<storage, read_write> terms: array<vec2f>;

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
  var term = vec2f();
  if (frame >= params.firstRow) {
    let error = v[at] - u[at];
    term.x = size(error) * params.mainFactor;
    if (frame + 1u < params.frames) {
      let next = at + params.width;
      term.y = size(v[next] - v[at] - (u[next] - u[at])) * params.velocityFactor;
    }
  }
  terms[at] = term;
}

fn size(e: f32) -> f32 {
  return select(abs(e), e * e, params.squared != 0u);
}

// #include "lib/element.wgsl"
