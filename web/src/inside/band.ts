/**
 * The band of an attention matrix by itself: `[2·reach + 1, length]`, row k holds what frame i gives to frame i + k −
 * reach; zero where there is none.
 */
export function bandOf(matrix: Float32Array, length: number, reach: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: (2 * reach + 1) * length }, (_, at) => {
    const [offset, i] = [Math.floor(at / length) - reach, at % length];
    const j = i + offset;
    return j >= 0 && j < length ? matrix[i * length + j]! : 0;
  });
}

/** How far from the diagonal anything is. */
export function reachOf(matrix: Float32Array, length: number): number {
  let reach = 0;
  matrix.forEach((value, at) => {
    if (value > 0) reach = Math.max(reach, Math.abs(Math.floor(at / length) - (at % length)));
  });
  return reach;
}

/** Of the attention of rows `from` on, the means that go to the row itself, to earlier and to later ones. */
export function attentionShares(matrix: Float32Array, length: number, from: number) {
  let [own, earlier, later] = [0, 0, 0];
  for (let i = from; i < length; i++) {
    for (let j = 0; j < length; j++) {
      const value = matrix[i * length + j]! / (length - from);
      if (j === i) own += value;
      else if (j < i) earlier += value;
      else later += value;
    }
  }
  return { own, earlier, later };
}
