// WGSL lets a compiler assume that there is no NaN and no infinity: v != v may become false, and max may drop a NaN.
// What must see them looks at bits.

fn is_nan(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u;
}

fn is_finite(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7f800000u) != 0x7f800000u;
}

// The larger of two, NaN if one of them is: PyTorch's maximum.
fn larger(a: f32, b: f32) -> f32 {
  let chosen = select(bitcast<u32>(max(a, b)), bitcast<u32>(a), is_nan(a));
  return bitcast<f32>(select(chosen, bitcast<u32>(b), is_nan(b)));
}
