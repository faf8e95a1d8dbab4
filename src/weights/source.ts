import { InputError } from '../base/errors.js';

/** Random access to a file's bytes, wherever it lies: on disk, in a browser's `File`, in memory. */
export interface ByteSource {
  /** What messages call it: a path or a file name. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /**
   * Exactly `length` bytes from `offset`. The array belongs to the caller: nobody else reads or writes it.
   * @throws InputError if the range is not inside the file.
   */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * How a tensor's elements are stored, named as in safetensors (C are complex, QI and QU PyTorch's quantised numbers).
 * Weights are F32, F16, BF16 or I32, which reading converts to float32; the others occur in checkpoints only as buffers
 * that the model does without (`dtype.ts`).
 */
export type DType =
  | ('F64' | 'F32' | 'F16' | 'BF16' | 'F8_E4M3' | 'F8_E5M2' | 'F8_E8M0')
  | ('I64' | 'I32' | 'I16' | 'I8' | 'U64' | 'U32' | 'U16' | 'U8' | 'BOOL')
  | ('C64' | 'C128' | 'QI8' | 'QU8' | 'QI32');

export interface TensorInfo {
  /** A `DType`; in a file also one that is not known here. Such tensors are listed and cannot be read. */
  readonly dtype: string;
  /** Row-major; `[]` is a scalar. */
  readonly shape: readonly number[];
}

/** Named tensors that are read one at a time, so a checkpoint of gigabytes never lies in memory as a whole. */
export interface WeightSource {
  /** What messages call it. */
  readonly name: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /**
   * All elements of one tensor, row-major, as float32. The array belongs to the caller.
   * @throws InputError if there is no such tensor or its bytes cannot be read.
   */
  read(name: string): Promise<Float32Array<ArrayBuffer>>;
  /** What the user may want to know of how it was read, a line each. */
  readonly notes?: readonly string[];
  /** Where several files are joined: which of them holds a tensor, and what it is called there. */
  readonly whence?: (name: string) => { readonly file: string; readonly stored: string } | undefined;
}

/** The number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** `[2, 3]` as messages write it. */
export function formatShape(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

/** The entry of `source` for `name`, or an InputError that names both. */
export function tensorInfo(source: WeightSource, name: string): TensorInfo {
  const info = source.tensors.get(name);
  if (!info) throw new InputError(`${source.name}: there is no tensor "${name}"`);
  return info;
}

/** Throws unless `[offset, offset + length)` lies inside `bytes`. */
export function checkRange(bytes: ByteSource, offset: number, length: number): void {
  if (!(offset >= 0 && length >= 0 && offset + length <= bytes.size)) {
    throw new InputError(
      `${bytes.name}: expected ${length} bytes from byte ${offset}, but the file has ${bytes.size} bytes`,
    );
  }
}

/** Bytes that are already in memory; each read is a copy. */
export function memorySource(name: string, bytes: Uint8Array): ByteSource {
  const source: ByteSource = {
    name,
    size: bytes.byteLength,
    // eslint-disable-next-line @typescript-eslint/require-await -- errors must be rejections, as from a file
    async read(offset, length) {
      checkRange(source, offset, length);
      return new Uint8Array(bytes.subarray(offset, offset + length));
    },
  };
  return source;
}

/** A browser's `File` (or any `Blob`), read by slices. */
export function blobSource(name: string, blob: Blob): ByteSource {
  const source: ByteSource = {
    name,
    size: blob.size,
    async read(offset, length) {
      checkRange(source, offset, length);
      return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
    },
  };
  return source;
}
