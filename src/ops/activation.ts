/** Activations that kernels can fuse; the numbers are those of `activate` in the WGSL files. */
export const activationCode = { none: 0, geluErf: 1, geluTanh: 2, silu: 3, tanh: 4 } as const;

export type Activation = keyof typeof activationCode;

/**
 * The activations in float64.
 *
 * - `geluErf`: x·Φ(x) = x/2·erfc(−x/√2), PyTorch's `gelu` (wav2vec2).
 * - `geluTanh`: x·σ(2√(2/π)(x + 0.044715x³)), PyTorch's `gelu(approximate='tanh')` (flow-matching transformer).
 * - `silu`: x·σ(x).
 */
export function activationReference(activation: Activation, x: number): number {
  switch (activation) {
    case 'none':
      return x;
    case 'geluErf':
      return 0.5 * x * erfcReference(-x / Math.SQRT2);
    case 'geluTanh':
      return x / (1 + Math.exp(-2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
    case 'silu':
      return x / (1 + Math.exp(-x));
    case 'tanh':
      return Math.tanh(x);
  }
}

/**
 * erfc in float64: the Maclaurin series of erf for |x| < 2.5, the continued fraction
 * erfc(x) = e^(−x²)/√π · 1/(x + ½/(x + 1/(x + 3⁄2/(x + …)))) beyond.
 */
export function erfcReference(x: number): number {
  if (x < 0) return 2 - erfcReference(-x);
  if (x < 2.5) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * sum; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = x;
  for (let n = 80; n > 0; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}
