import { fromFloat16 } from '../base/float16.js';
import type { Gpu } from './gpu.js';
import { createBuffer, destroyBuffer, guarded, memoryOf, settle } from './gpu.js';
import type { Scope } from './scope.js';
import { closeScope, openScope, own } from './scope.js';
import type { Tensor } from './tensor.js';
import { bytesOf, sizeOf } from './tensor.js';

/**
 * Tensors that are read again and again, and a ring of staging buffers to read them through. All of it is made once: a
 * read makes no GPU object but its command buffer. The host can map only staging buffers, and not while the GPU writes
 * to them; several in turn let the GPU compute one result while another is read.
 */
export interface ReadBack {
  readonly gpu: Gpu;
  readonly label: string;
  readonly tensors: readonly Tensor[];
  readonly slots: readonly Slot[];
  /** Reads begun. */
  turn: number;
}

interface Slot {
  /** One for each tensor. */
  readonly staging: readonly GPUBuffer[];
  /** Fulfilled when the slot's last read has ended; none while it is free. */
  busy: Promise<void> | undefined;
}

/**
 * @param scope is given the staging buffers.
 * @param slots how many reads can be under way at once.
 */
export function openReadBack(
  scope: Scope,
  gpu: Gpu,
  label: string,
  tensors: readonly Tensor[],
  { slots }: { readonly slots: number },
): ReadBack {
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  const stage = (tensor: Tensor) =>
    createBuffer(gpu, `read ${label} ${tensor.label}`, paddedBytes(tensor), usage);
  const openSlot = (): Slot => ({
    staging: tensors.map((tensor) => own(scope, stage(tensor), (buffer) => destroyBuffer(gpu, buffer))),
    busy: undefined,
  });
  return { gpu, label, tensors, slots: Array.from({ length: slots }, openSlot), turn: 0 };
}

/**
 * Computes and reads. Calls may overlap and are served in order. One that finds a slot free submits before it returns,
 * another as soon as one is free.
 *
 * @param submit fills inputs and submits what makes the tensors, all before it returns.
 * @param take makes the result of the tensors' memory, which is gone when it has returned.
 * @throws the GPU's failure, if there was one.
 */
export function readBack<T>(
  reader: ReadBack,
  submit: () => void,
  take: (...memory: ArrayBuffer[]) => T,
): Promise<T> {
  const slot = reader.slots[reader.turn++ % reader.slots.length];
  if (!slot) throw new Error(`${reader.label} was opened without slots`);
  const read = async () => {
    submit();
    copyTo(reader, slot);
    return mapped(reader.gpu, slot, take);
  };
  const result = slot.busy ? slot.busy.then(read) : read();
  const ended = () => {
    if (slot.busy === busy) slot.busy = undefined;
  };
  const busy = result.then(ended, ended);
  slot.busy = busy;
  return result;
}

function copyTo({ gpu, label, tensors }: ReadBack, { staging }: Slot): void {
  guarded(gpu, `read ${label}`, () => {
    const encoder = gpu.device.createCommandEncoder({ label: `read ${label}` });
    staging.forEach((buffer, index) => {
      const tensor = tensors[index];
      if (!tensor) return;
      const { buffer: from, offset = 0 } = memoryOf(tensor);
      encoder.copyBufferToBuffer(from, offset, buffer, 0, paddedBytes(tensor));
    });
    gpu.device.queue.submit([encoder.finish()]);
  });
}

async function mapped<T>(gpu: Gpu, { staging }: Slot, take: (...memory: ArrayBuffer[]) => T): Promise<T> {
  try {
    await Promise.all(staging.map((buffer) => buffer.mapAsync(GPUMapMode.READ)));
    await settle(gpu);
    return take(...staging.map((buffer) => buffer.getMappedRange()));
  } catch (error) {
    // What failed first says more than a buffer that cannot be mapped because of it.
    await settle(gpu);
    throw error;
  } finally {
    for (const buffer of staging) if (buffer.mapState === 'mapped') buffer.unmap();
  }
}

/** Copies are of multiples of four bytes. */
const paddedBytes = (tensor: Tensor) => Math.ceil(bytesOf(tensor) / 4) * 4;

/** The values of a tensor, whose staging buffer may be a little larger. */
export function floatsOf(memory: ArrayBuffer, { shape, precision }: Tensor): Float32Array<ArrayBuffer> {
  const count = sizeOf(shape);
  if (precision === 'f16') return fromFloat16(new Uint16Array(memory, 0, count));
  return new Float32Array(memory, 0, count).slice();
}

/**
 * Copies tensors back to the host once, and waits for everything submitted before.
 *
 * @throws the GPU's failure, if there was one.
 */
export async function readTensors(
  gpu: Gpu,
  tensors: readonly Tensor[],
): Promise<Float32Array<ArrayBuffer>[]> {
  const scope = openScope();
  try {
    const reader = openReadBack(scope, gpu, 'once', tensors, { slots: 1 });
    const take = (...memory: ArrayBuffer[]) => tensors.map((tensor, i) => floatsOf(memory[i]!, tensor));
    return await readBack(reader, () => undefined, take);
  } finally {
    closeScope(scope);
  }
}
