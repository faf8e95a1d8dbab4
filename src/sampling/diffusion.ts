/** Steps of the diffusion (App. B.3). */
export const diffusionSteps = 500;

/**
 * ᾱ_0 … ᾱ_500 of the cosine schedule: ᾱ(s) = cos²((s/500 + 0.008)/1.008·π/2), the steps' β_s = 1 − ᾱ_s/ᾱ_{s−1} kept in
 * 10⁻⁴ … 0.999, and ᾱ_s the product of 1 − β.
 */
export function alphaBars(): Float64Array {
  const cosine = (s: number) => Math.cos(((s / diffusionSteps + 0.008) / 1.008) * (Math.PI / 2)) ** 2;
  const bars = new Float64Array(diffusionSteps + 1);
  bars[0] = 1;
  for (let s = 1; s <= diffusionSteps; s++) {
    const beta = Math.min(0.999, Math.max(1e-4, 1 - cosine(s) / cosine(s - 1)));
    bars[s] = bars[s - 1]! * (1 - beta);
  }
  return bars;
}
