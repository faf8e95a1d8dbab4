// tanh by Lambert's continued fraction near 0, by exp elsewhere, where 1 − 2/(e²ᵛ+1) does not cancel.
fn tanh_exact(v: f32) -> f32 {
  let s = v * v;
  let small = v * (945.0 + s * (105.0 + s)) / (945.0 + s * (420.0 + s * 15.0));
  let large = 1.0 - 2.0 / (exp_exact(2.0 * abs(v)) + 1.0);
  let signed = bitcast<f32>(bitcast<u32>(large) | (bitcast<u32>(v) & 0x80000000u));
  return select(signed, small, s < 0.36);
}

// #include "lib/exp_exact.wgsl"
