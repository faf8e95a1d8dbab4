/** Frequencies of the embedding: always 128, whatever the width of the transformer. */
const frequencies = 128;

/** The length of the embedding. */
export const timeEmbeddingSize = 2 * frequencies;

/**
 * The sinusoidal embedding of time (Sec. 6 of docs/model.md): [cos(t·fᵢ), sin(t·fᵢ)], fᵢ = 10000^(−i/128), i < 128.
 * Computed on the host in float64: WGSL promises sin and cos only to 2⁻¹¹.
 *
 * @param t in 0…1, not scaled to 0…1000 as diffusion models do.
 */
export function timeEmbedding(t: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: timeEmbeddingSize }, (_, i) => {
    const phase = t * Math.exp((-Math.log(10000) * (i % frequencies)) / frequencies);
    return i < frequencies ? Math.cos(phase) : Math.sin(phase);
  });
}
