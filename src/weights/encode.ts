import { InputError } from '../base/errors.js';
import { float16Infinity, roundToFloat16 } from '../base/float16.js';

/** The kinds of numbers that weights can be written as. */
export const floatTypes = ['F32', 'F16', 'BF16'] as const;
export type FloatType = (typeof floatTypes)[number];

/**
 * float32 values as the little-endian bytes of another kind, each rounded to the nearest, ties to even. Values that
 * came from that kind come back exactly.
 *
 * @param what names file and tensor in messages.
 * @throws InputError if a value is not finite, or not in that kind: no weight is.
 */
export function fromFloat32(
  values: Float32Array<ArrayBuffer>,
  dtype: FloatType,
  what: string,
): Uint8Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const limit = infinityBits[dtype];
  for (let i = 0; i < bits.length; i++) {
    if ((bits[i]! & 0x7fffffff) >= limit) {
      throw new InputError(`${what}: element ${i} is ${values[i]}, expected a finite number that ${dtype} holds`);
    }
  }
  if (dtype === 'F32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const halves = new Uint16Array(values.length);
  const round = dtype === 'F16' ? roundToFloat16 : roundToBfloat16;
  for (let i = 0; i < halves.length; i++) halves[i] = round(bits[i]!);
  return new Uint8Array(halves.buffer);
}

/** The float32 bits of the least magnitude that becomes infinite. */
const infinityBits: Readonly<Record<FloatType, number>> = { F32: 0x7f800000, F16: float16Infinity, BF16: 0x7f7f8000 };

/** The upper half of a float32, rounded: adding just under half of the lower one carries into it when due. */
function roundToBfloat16(bits: number): number {
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}
