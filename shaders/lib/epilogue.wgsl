// What becomes of a sum on its way to y[at], at `row` and `column` of y.
fn epilogue(sum: f32, row: u32, column: u32, at: u32) -> f32 {
  var value = sum;
  if (params.hasBias != 0u) {
    value += bias[column];
  }
  value = activate(value);
  if (params.hasGate != 0u) {
    value *= gate[row * params.gateWidth + params.gateOffset + column];
  }
  if (params.hasResidual != 0u) {
    value += residual[at];
  }
  return value;
}

// #include "lib/activation.wgsl"
