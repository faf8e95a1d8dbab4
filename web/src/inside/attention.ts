/** Sizes of a self-attention: frame i attends to frames |i − j| ≤ reach. */
export interface AttentionSize {
  readonly length: number;
  readonly heads: number;
  readonly headDim: number;
  readonly reach: number;
}

/**
 * The matrices that the attention kernel never writes down: softmax(q·kᵀ/√headDim) within the band, zero outside.
 *
 * @param qkv `[length, 3·heads·headDim]`, packed as `attention` takes it: q, k, v, and within each head after head.
 * @returns for each head `[length, length]`, rows sum to 1.
 */
export function attentionProbabilities(qkv: Float32Array, size: AttentionSize): Float32Array<ArrayBuffer>[] {
  const { length, heads, headDim, reach } = size;
  const width = heads * headDim;
  return Array.from({ length: heads }, (_, head) => {
    const matrix = new Float32Array(length * length);
    for (let i = 0; i < length; i++) {
      const [first, end] = [Math.max(0, i - reach), Math.min(length, i + reach + 1)];
      const q = i * 3 * width + head * headDim;
      const scores: number[] = [];
      for (let j = first; j < end; j++) {
        const k = j * 3 * width + width + head * headDim;
        let dot = 0;
        for (let c = 0; c < headDim; c++) dot += qkv[q + c]! * qkv[k + c]!;
        scores.push(dot / Math.sqrt(headDim));
      }
      const largest = Math.max(...scores);
      const weights = scores.map((score) => Math.exp(score - largest));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      weights.forEach((weight, n) => (matrix[i * length + first + n] = weight / total));
    }
    return matrix;
  });
}
