/**
 * IEEE 754 binary16: 1 sign, 5 exponent (bias 15) and 10 fraction bits. (JavaScript has no Float16Array everywhere
 * yet.)
 */

/** The float32 bits of the least magnitude that rounds to infinity: 65520, half a step above the largest. */
export const float16Infinity = 0x477ff000;

/** The float16 bits nearest to float32 bits, ties to even. The magnitude must be below `float16Infinity`. */
export function roundToFloat16(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  const exponent = magnitude >>> 23;
  if (exponent >= 113) return sign | shiftRounded(magnitude - (112 << 23), 13);
  // Subnormal: the fraction with its leading 1, in units of 2^-24. Below 2^-25 nothing is left.
  if (exponent < 102) return sign;
  return sign | shiftRounded((magnitude & 0x7fffff) | 0x800000, 126 - exponent);
}

/** n / 2^shift, to the nearest integer, ties to even. */
function shiftRounded(n: number, shift: number): number {
  const half = 1 << (shift - 1);
  return (n + half - 1 + ((n >>> shift) & 1)) >>> shift;
}

/**
 * Values rounded to the nearest, ties to even; what is beyond the largest becomes infinity, as PyTorch has it; NaN
 * stays.
 *
 * @param length of the result, zeros after the values.
 */
export function toFloat16(values: Float32Array, length = values.length): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(length);
  for (let i = 0; i < bits.length; i++) {
    const own = bits[i]!;
    const magnitude = own & 0x7fffffff;
    const beyond = ((own >>> 16) & 0x8000) | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
    halves[i] = magnitude >= float16Infinity ? beyond : roundToFloat16(own);
  }
  return halves;
}

let table: Uint32Array | undefined;

/** The float32 bits of each of the 65536 halves. */
function float32Bits(): Uint32Array {
  if (table) return table;
  table = new Uint32Array(65536);
  const value = new Float32Array(1);
  const bits = new Uint32Array(value.buffer);
  for (let half = 0; half < 65536; half++) {
    const sign = (half & 0x8000) << 16;
    const exponent = (half >>> 10) & 31;
    const fraction = half & 1023;
    if (exponent === 31) {
      table[half] = sign | 0x7f800000 | (fraction << 13);
    } else if (exponent > 0) {
      table[half] = sign | ((exponent + 112) << 23) | (fraction << 13);
    } else {
      value[0] = fraction * 2 ** -24;
      table[half] = sign | bits[0]!;
    }
  }
  return table;
}

/** Each half has an exact float32. */
export function fromFloat16(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const known = float32Bits();
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = known[halves[i]!]!;
  return new Float32Array(bits.buffer);
}
