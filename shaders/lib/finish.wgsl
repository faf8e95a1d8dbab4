// What becomes of a sum on its way to y[at]: of picture b and output o, `channel` is b·outputs + o.
fn finish(sum: f32, output: u32, channel: u32, at: u32) -> f32 {
  var value = sum;
  if (params.hasOutScale != 0u) {
    value *= outScale[params.outScaleOffset + channel];
  }
  if (params.hasBias != 0u) {
    value += bias[output];
  }
  if (params.leaky != 0u) {
    value = leaky_relu(value);
  }
  if (params.hasAddend != 0u) {
    value += f32(addend[at]);
  }
  return value * params.factor;
}

// #include "lib/leaky_relu.wgsl"
