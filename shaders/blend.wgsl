// y ← keep·y + add·x
//
//   control  [2]: keep, add
//   x, y     [count]
//
// A running mean of weights: keep = 1 − add. A sum of gradients: keep = 1, and 0 where it begins.
// One invocation an element.

struct Params {
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

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
  // What y held before counts for nothing where nothing is kept, whatever it was.
  let kept = select(control[0] * y[at], 0.0, control[0] == 0.0);
  y[at] = kept + control[1] * x[at];
}

// #include "lib/element.wgsl"
