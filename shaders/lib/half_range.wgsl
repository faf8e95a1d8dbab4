// v as f16 can hold it: from 65520 on, half a step above the largest, infinity, as PyTorch has it. WGSL leaves open
// what a conversion makes of such a value.
fn half_range(v: f32) -> f32 {
  let bits = bitcast<u32>(v);
  let magnitude = bits & 0x7fffffffu;
  let beyond = magnitude >= 0x477ff000u && magnitude <= 0x7f800000u;
  return bitcast<f32>(select(bits, (bits & 0x80000000u) | 0x7f800000u, beyond));
}
