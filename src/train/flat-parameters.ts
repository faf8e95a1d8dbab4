import type { Gpu } from '../runtime/gpu.js';
import { createTensor, destroyTensor } from '../runtime/gpu.js';
import type { Tensor } from '../runtime/tensor.js';
import { bytesOf, sizeOf } from '../runtime/tensor.js';

/**
 * The trained parameters of a network, in few large buffers: an optimiser step is one launch a buffer, whatever the
 * number of layers. Each parameter is a view at an aligned place; the gaps stay zero.
 */
export interface FlatParameters {
  readonly gpu: Gpu;
  readonly parts: readonly FlatPart[];
  /** By checkpoint name. */
  readonly views: ReadonlyMap<string, { readonly value: Tensor; readonly gradient: Tensor }>;
}

/** Four buffers of one size `[count]`: values, gradients, and the two moments of Adam. */
export interface FlatPart {
  readonly value: Tensor;
  readonly gradient: Tensor;
  readonly m: Tensor;
  readonly v: Tensor;
}

/** Views begin at multiples of this many bytes, which every adapter can bind. */
const alignment = 256;

/**
 * Lays the parameters out in the order given. A buffer ends where the next parameter would pass what the adapter binds.
 *
 * @throws OutOfMemoryError when a single parameter is larger.
 */
export function openFlatParameters(gpu: Gpu, shapes: ReadonlyMap<string, readonly number[]>): FlatParameters {
  const { maxStorageBufferBindingSize, maxBufferSize } = gpu.device.limits;
  const most = Math.min(maxStorageBufferBindingSize, maxBufferSize);
  const places: { name: string; part: number; offset: number }[] = [];
  const bytes: number[] = [];
  for (const [name, shape] of shapes) {
    const size = Math.ceil(bytesOf({ shape }) / alignment) * alignment;
    const last = bytes.length - 1;
    const offset = bytes[last] ?? 0;
    if (last < 0 || (offset > 0 && offset + size > most)) {
      places.push({ name, part: last + 1, offset: 0 });
      bytes.push(size);
    } else {
      places.push({ name, part: last, offset });
      bytes[last] = offset + size;
    }
  }
  const made: Tensor[] = [];
  const create = (label: string, size: number) => {
    const tensor = createTensor(gpu, label, [size / 4]);
    made.push(tensor);
    return tensor;
  };
  try {
    const parts = bytes.map((size, i) => ({
      value: create(`values ${i}`, size),
      gradient: create(`gradients ${i}`, size),
      m: create(`first moments ${i}`, size),
      v: create(`second moments ${i}`, size),
    }));
    const views = places.map(({ name, part, offset }) => {
      const shape = shapes.get(name) ?? [];
      const { value, gradient } = parts[part]!;
      return [
        name,
        { value: viewOf(value, name, shape, offset), gradient: viewOf(gradient, `d ${name}`, shape, offset) },
      ] as const;
    });
    return { gpu, parts, views: new Map(views) };
  } catch (error) {
    made.forEach((tensor) => destroyTensor(gpu, tensor));
    throw error;
  }
}

export function closeFlatParameters({ gpu, parts }: FlatParameters): void {
  for (const { value, gradient, m, v } of parts) {
    [value, gradient, m, v].forEach((tensor) => destroyTensor(gpu, tensor));
  }
}

/** The part of a flat tensor that begins at `offset` bytes, as a tensor. */
function viewOf({ memory }: Tensor, label: string, shape: readonly number[], offset: number): Tensor {
  if (memory.kind !== 'buffer') throw new Error(`${label}: a view needs a buffer`);
  return { label, shape, memory: { ...memory, offset } };
}

/** How many numbers are trained. */
export function parameterCount({ views }: FlatParameters): number {
  return [...views.values()].reduce((sum, { value }) => sum + sizeOf(value.shape), 0);
}
