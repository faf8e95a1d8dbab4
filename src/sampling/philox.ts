/**
 * Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011): a bijection of
 * a 128-bit counter under a 64-bit key, whose outputs for successive counters are random numbers. It has no state to
 * advance: block n is a function of n, so numbers can be drawn in any order and in pieces of any size.
 *
 * @param counter four 32-bit words
 * @param key two 32-bit words
 * @returns four unsigned 32-bit words
 */
export function philox4x32(counter: Words4, key: readonly [number, number]): Words4 {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const low0 = Math.imul(0xd2511f53, c0);
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    const low1 = Math.imul(0xcd9e8d57, c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1 >>> 0;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0 >>> 0;
    // The Weyl sequences of the key: the golden ratio and √3 − 1, as 32-bit fractions.
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [c0, c1, c2, c3];
}

export type Words4 = readonly [number, number, number, number];

/** The upper 32 bits of the 64-bit product, from 16-bit halves: each partial sum is exact in a double. */
function multiplyHigh(a: number, b: number): number {
  const [a0, a1, b0, b1] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const cross = a1 * b0 + ((a0 * b0) >>> 16);
  const cross2 = a0 * b1 + (cross & 0xffff);
  return a1 * b1 + (cross >>> 16) + (cross2 >>> 16);
}
