// Copies an array, 16 bytes an invocation: the bandwidth that reading plus writing reaches.

@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) index: u32) {
  let i = (group.y * groups.x + group.x) * 64u + index;
  if (i < arrayLength(&y)) {
    y[i] = x[i];
  }
}
