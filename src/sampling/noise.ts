import { InputError } from '../base/errors.js';
import { philox4x32 } from './philox.js';

/**
 * Standard normal noise, the x0 of a window (Sec. 6 of docs/model.md): element i is a pure function of (seed, stream,
 * i), so a shorter array is a prefix of a longer one. Philox words become normals by Box–Muller in float64, rounded to
 * float32.
 *
 * The same numbers come out on every engine and machine. ECMAScript leaves the last bits of Math.log, Math.cos and
 * Math.sin to the engine, so those three are computed here from additions, multiplications and divisions, which
 * IEEE 754 fixes; Math.sqrt is correctly rounded in every engine. They are not PyTorch's numbers for the same seed: its
 * generators are others, mt19937 on the CPU and Philox4×32-10 with other counters on CUDA (Sec. 6).
 *
 * @param seed an integer in 0 … 2⁶⁴ − 1 (a bigint above 2⁵³ − 1)
 * @param stream an integer ≥ 0 (at most 2⁵³ − 1); here the index of the window
 * @param count how many numbers
 * @throws InputError if the seed is no such integer
 */
export function gaussianNoise(seed: bigint | number, stream: number, count: number): Float32Array {
  const key = keyOf(seed);
  const [streamLow, streamHigh] = split(stream);
  const noise = new Float32Array(count);
  for (let i = 0; i < count; i += 4) {
    const [blockLow, blockHigh] = split(i / 4);
    const words = philox4x32([blockLow, blockHigh, streamLow, streamHigh], key);
    const pair = boxMuller(words[0], words[1]);
    const pair2 = boxMuller(words[2], words[3]);
    // Writes past the end of a typed array are dropped.
    noise[i] = pair[0];
    noise[i + 1] = pair[1];
    noise[i + 2] = pair2[0];
    noise[i + 3] = pair2[1];
  }
  return noise;
}

/**
 * Two independent standard normals from two uniform words: r (cos θ, sin θ), r = √(−2 ln u₁), θ = 2π u₂, where
 * u = (word + ½)/2³² is never 0 or 1. So |value| ≤ √(66 ln 2) ≈ 6.76.
 */
export function boxMuller(word1: number, word2: number): [number, number] {
  const r = Math.sqrt(-2 * logUniform(word1));
  const [cos, sin] = cosSinTurn(word2);
  return [r * cos, r * sin];
}

/** ln((word + ½)/2³²) = e ln 2 + ln m with m in [√½, √2), and ln m = 2 artanh s for s = (m − 1)/(m + 1). */
export function logUniform(word: number): number {
  let e = word === 0 ? -1 : 31 - Math.clz32(word);
  let m = word === 0 ? 1 : (word + 0.5) / ((1 << e) >>> 0);
  if (m > Math.SQRT2) {
    m /= 2;
    e += 1;
  }
  const s = (m - 1) / (m + 1);
  // artanh s = s + s³/3 + s⁵/5 + …; |s| < 0.172, so the first term left out, s²⁵/25, is below 10⁻²⁰.
  let sum = 0;
  for (let n = 23; n >= 1; n -= 2) sum = sum * s * s + 1 / n;
  return (e - 32) * Math.LN2 + 2 * s * sum;
}

/** cos and sin of 2π (word + ½)/2³²: Taylor series in the first quadrant, then turned into the word's own. */
export function cosSinTurn(word: number): [number, number] {
  const angle = (((word & 0x3fffffff) + 0.5) / 2 ** 30) * (Math.PI / 2);
  const square = angle * angle;
  // 1 − x²/2! + x⁴/4! − … and x − x³/3! + …, innermost term first; (π/2)²⁴/24! is below 10⁻¹⁸.
  let cos = 1;
  let sin = 1;
  for (let n = 22; n >= 2; n -= 2) {
    cos = 1 - (square / (n * (n - 1))) * cos;
    sin = 1 - (square / (n * (n + 1))) * sin;
  }
  sin *= angle;
  const quadrant = word >>> 30;
  if (quadrant === 0) return [cos, sin];
  if (quadrant === 1) return [-sin, cos];
  if (quadrant === 2) return [-cos, -sin];
  return [sin, -cos];
}

function keyOf(seed: bigint | number): [number, number] {
  const usable =
    typeof seed === 'bigint' ? seed >= 0n && seed < 1n << 64n : Number.isSafeInteger(seed) && seed >= 0;
  if (!usable) throw new InputError(`seed: expected an integer from 0 to 2^64 - 1, got ${seed.toString()}`);
  const wide = BigInt(seed);
  return [Number(wide & 0xffffffffn), Number(wide >> 32n)];
}

/** The low and high 32-bit words of a safe integer. */
function split(value: number): [number, number] {
  return [value >>> 0, Math.floor(value / 2 ** 32)];
}
