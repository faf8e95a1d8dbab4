// WGSL promises little for exp; this holds to a few units in the last place, whatever a compiler reassociates
// (bench/reassociation.py shows it; docs/accuracy.md).

// e^v = 2^n · e^r with |r| ≤ ln2/2. r = v − n·ln 2 cancels, so the difference is taken in integers, in units of 2⁻²⁴,
// of which ln 2 has 11629080 − 0.031954797: that fraction is added afterwards. Taylor series for e^r; n goes straight
// into the exponent's bits. Beyond the ends infinity and 0; NaN stays.
fn exp_exact(v: f32) -> f32 {
  let x = clamp(v, -87.3, 88.8);
  let n = i32(round(x * 1.442695));
  let units = i32(x * 16777216.0) - n * 11629080;
  let r = f32(units) * 5.9604645e-8 + f32(n) * 1.9046543e-9;
  var p = 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  let bits = bitcast<u32>((p * r * r + r) + 1.0) + (bitcast<u32>(n) << 23u);
  // As integers positive floats are in order, as unsigned ones negative floats behind them in reverse; the last are
  // NaN.
  let given = bitcast<u32>(v);
  var result = select(bits, 0x7f800000u, bitcast<i32>(v) >= 0x42b17218); // from 88.72284 on
  result = select(result, 0u, given >= 0xc2ae999au); // from −87.3 down
  return bitcast<f32>(select(result, given, (given & 0x7fffffffu) > 0x7f800000u));
}
