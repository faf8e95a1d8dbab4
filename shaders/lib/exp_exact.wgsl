// WGSL promises little for exp; this holds to a few units in the last place on every adapter.

// e^v = 2^n · e^r with |r| ≤ ln2/2, ln 2 in two parts so that v − n·ln 2 is exact; Taylor series for e^r.
fn exp_exact(v: f32) -> f32 {
  let x = clamp(v, -87.0, 88.0);
  let n = round(x * 1.442695);
  let r = (x - n * 0.693359375) + n * 2.1219444e-4;
  var p = 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  return ldexp((p * r * r + r) + 1.0, i32(n));
}
