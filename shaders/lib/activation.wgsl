override ACTIVATION: u32 = 0; // as in src/ops/activation.ts and src/ops/elementwise.ts

fn activate(v: f32) -> f32 {
  switch ACTIVATION {
    case 1u: { return 0.5 * v * erfc_exact(-0.70710678 * v); }
    case 2u: { return v / (1.0 + exp_exact(-1.5957691 * (v + 0.044715 * v * v * v))); }
    case 3u: { return v / (1.0 + exp_exact(-v)); }
    case 4u: { return tanh_exact(v); }
    case 5u: { return 1.0 / (1.0 + exp_exact(-v)); }
    case 6u: { return select(0.2 * v, v, v > 0.0); }
    case 7u: { return select(v, 0.0, v <= 0.0); }
    default: { return v; }
  }
}

// #include "lib/erfc_exact.wgsl"
// #include "lib/exp_exact.wgsl"
// #include "lib/tanh_exact.wgsl"
