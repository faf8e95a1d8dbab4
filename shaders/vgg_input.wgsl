// A picture of −1 … 1 as VGG-19 wants it, and the adjoint:
//
//   FORWARD   made[n,c,p] = (clamp(x, −1, 1)/2 + ½ − mean[c])/deviation[c]
//   else      made[n,c,p] = dy/(2·deviation[c]) where −1 ≤ x ≤ 1, 0 outside
//
//   x, dy, made [batch, 3, plane]
//
// One invocation an element.

override FORWARD: u32 = 1;

struct Params {
  count: u32, // batch·3·plane
  plane: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> made: array<f32>;

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
  const means = array<f32, 3>(0.485, 0.456, 0.406);
  const deviations = array<f32, 3>(0.229, 0.224, 0.225);
  let c = at / params.plane % 3u;
  let v = x[at];
  if (FORWARD != 0u) {
    made[at] = (clamp(v, -1.0, 1.0) * 0.5 + 0.5 - means[c]) / deviations[c];
  } else {
    made[at] = select(0.0, dy[at] * 0.5 / deviations[c], abs(v) <= 1.0);
  }
}

// #include "lib/element.wgsl"
