// The score of a key that a row does not attend to: the lowest number, not −∞, since −∞ − −∞ is NaN. It is told by its
// bits: a comparison may lose a NaN.
const BLOCKED = -3.4028234e38;

fn is_open(score: vec4f) -> vec4<bool> {
  return bitcast<vec4u>(score) != bitcast<vec4u>(vec4f(BLOCKED));
}

// Which of these rows and keys are within reach of each other.
fn reaches(row: vec4u, key: vec4u) -> vec4<bool> {
  return max(row, key) - min(row, key) <= vec4u(params.reach);
}
