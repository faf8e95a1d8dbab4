// WGSL has no erf.

// erfc(v) for v ≥ 0 is t·exp(−v² + polynomial(t)) with t = 1/(1 + v/2), a Chebyshev fit good to 1.2e-7 of its value
// (Numerical Recipes, Sec. 6.2); erfc(−v) = 2 − erfc(v).
fn erfc_exact(v: f32) -> f32 {
  let z = abs(v);
  let t = 1.0 / (1.0 + 0.5 * z);
  var p = 0.17087277;
  p = p * t - 0.82215223;
  p = p * t + 1.48851587;
  p = p * t - 1.13520398;
  p = p * t + 0.27886807;
  p = p * t - 0.18628806;
  p = p * t + 0.09678418;
  p = p * t + 0.37409196;
  p = p * t + 1.00002368;
  let tail = t * exp_exact(-z * z - 1.26551223 + t * p);
  return select(tail, 2.0 - tail, v < 0.0);
}

// #include "lib/exp_exact.wgsl"
