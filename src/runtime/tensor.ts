/** How a tensor's elements are stored. Kernels compute in f32 whatever it is. */
export type Precision = 'f32' | 'f16';

/**
 * A tensor is a shape and a place in GPU memory: row-major, contiguous.
 *
 * `buffer` memory exists from the start (weights, inputs, the outputs of another plan). `scratch` memory is only a
 * number while a plan is recorded; when the recording is finished, tensors that never live at the same time share
 * buffers (see arena.ts).
 */
export interface Tensor {
  readonly label: string;
  readonly shape: readonly number[];
  /** f32 if not given. */
  readonly precision?: Precision;
  readonly memory: BufferMemory | { kind: 'scratch'; id: number };
}

/**
 * A buffer, or a view of one from `offset` bytes on (0 if not given; a multiple of 256, which every adapter can bind).
 */
export interface BufferMemory {
  readonly kind: 'buffer';
  readonly buffer: GPUBuffer;
  readonly offset?: number;
}

/** Number of elements of a shape; 1 for the empty shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** Bytes that a tensor's elements take. */
export function bytesOf({ shape, precision }: Pick<Tensor, 'shape' | 'precision'>): number {
  return sizeOf(shape) * (precision === 'f16' ? 2 : 4);
}

/** `conv1.weight[64,3,3,3]`, for error messages; with ` f16` if it is stored so. */
export function describe({ label, shape, precision }: Tensor): string {
  return `${label}[${shape.join(',')}]${precision === 'f16' ? ' f16' : ''}`;
}

/** The same memory under another shape of equal size. */
export function reshape(tensor: Tensor, shape: readonly number[]): Tensor {
  if (sizeOf(shape) !== sizeOf(tensor.shape)) {
    throw new RangeError(`reshape: ${describe(tensor)} has not the size of [${shape.join(',')}]`);
  }
  return { ...tensor, shape };
}

/**
 * Checks a tensor's shape against a pattern and throws a RangeError that names the operator, the tensor and both
 * shapes. `-1` matches any extent.
 */
export function expectShape(operator: string, tensor: Tensor, pattern: readonly number[]): void {
  const fits =
    tensor.shape.length === pattern.length &&
    pattern.every((extent, axis) => extent === -1 || extent === tensor.shape[axis]);
  if (!fits) {
    const expected = pattern.map((extent) => (extent === -1 ? '*' : String(extent))).join(',');
    throw new RangeError(`${operator}: ${describe(tensor)} should have shape [${expected}]`);
  }
}

/** The extent of an axis that the shape certainly has. */
export function extent(tensor: Tensor, axis: number): number {
  const value = tensor.shape[axis];
  if (value === undefined) throw new RangeError(`${describe(tensor)} has no axis ${axis}`);
  return value;
}
