import { InputError } from '../base/errors.js';
import { fromFloat16 } from '../base/float16.js';
import type { DType } from './source.js';

/** Bytes an element takes. */
export const dtypeBytes: Readonly<Record<DType, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  F8_E8M0: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
  C64: 8,
  C128: 16,
  QI8: 1,
  QU8: 1,
  QI32: 4,
};

/** What weights may be stored as. Integers and the like are buffers, or quantised, which other numbers would undo. */
export const weightDTypes: readonly string[] = ['F32', 'F16', 'BF16', 'I32'] satisfies DType[];

export function isDType(value: unknown): value is DType {
  return typeof value === 'string' && Object.hasOwn(dtypeBytes, value);
}

/**
 * Little-endian elements as float32, without any change of value. (Every machine that runs WebGPU is little-endian, so
 * typed arrays read the bytes as they lie.)
 *
 * @param bytes takes part in the result where it can: give it away.
 * @param what names file and tensor in messages.
 * @throws InputError if the kind, or one of the values, has no exact float32.
 */
export function toFloat32(
  bytes: Uint8Array<ArrayBuffer>,
  dtype: string,
  what: string,
): Float32Array<ArrayBuffer> {
  const size = isDType(dtype) ? dtypeBytes[dtype] : 1;
  // A typed array must start at a multiple of its element size; a slice of a larger buffer may not.
  const own = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset } = own;
  const length = own.byteLength / size;
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer, byteOffset, length);
    case 'F16':
      return fromFloat16(new Uint16Array(buffer, byteOffset, length));
    case 'BF16':
      return bfloat16ToFloat32(new Uint16Array(buffer, byteOffset, length));
    case 'I32':
      return int32ToFloat32(new Int32Array(buffer, byteOffset, length), what);
    case 'I16':
      return Float32Array.from(new Int16Array(buffer, byteOffset, length));
    case 'I8':
      return Float32Array.from(new Int8Array(buffer, byteOffset, length));
    case 'U8':
    case 'BOOL':
      return Float32Array.from(own);
    default:
      throw new InputError(`${what}: dtype ${dtype} cannot be read; expected F32, F16, BF16 or I32`);
  }
}

/** The upper half of a float32. */
function bfloat16ToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
  return new Float32Array(bits.buffer);
}

function int32ToFloat32(integers: Int32Array, what: string): Float32Array<ArrayBuffer> {
  const values = Float32Array.from(integers);
  const inexact = values.findIndex((value, i) => value !== integers[i]);
  if (inexact >= 0) {
    throw new InputError(
      `${what}: element ${inexact} is ${integers[inexact]!}, expected an integer that float32 holds exactly`,
    );
  }
  return values;
}
