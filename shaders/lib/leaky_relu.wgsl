// FusedLeakyReLU without its bias: leakyrelu(v, 0.2)·√2.
fn leaky_relu(v: f32) -> f32 {
  return max(v, 0.2 * v) * 1.41421356;
}
