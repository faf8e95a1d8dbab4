// The number of an invocation, in workgroups of 64. A grid has at most 65,535 workgroups on an axis, so that long ones
// go on in rows along y.
fn elementOf(group: vec3u, groups: vec3u, index: u32) -> u32 {
  return (group.y * groups.x + group.x) * 64u + index;
}
