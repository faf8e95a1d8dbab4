import { GpuClosedError, GpuLostError, OutOfMemoryError } from '../base/errors.js';
import type { PipelineCache } from './kernel.js';
import { createPipelineCache } from './kernel.js';
import { toFloat16 } from '../base/float16.js';
import { matrixFeature, matrixLanes } from './matrix.js';
import type { BufferMemory, Precision, Tensor } from './tensor.js';
import { bytesOf, describe, sizeOf } from './tensor.js';
import type { OpenTrace } from './open-trace.js';
import type { Tuning } from './tuning.js';
import { chooseTuning } from './tuning.js';

/**
 * An open GPU: the device, its compiled kernels, and an account of the memory in use. Everything in `src/` takes it as
 * its first argument; nothing else holds GPU state.
 */
export interface Gpu {
  readonly device: GPUDevice;
  readonly adapter: GPUAdapter;
  readonly pipelines: PipelineCache;
  /** Which kernels operators choose. Plans recorded after a change follow it; see tuning.ts. */
  tuning: Tuning;
  /** Lanes of the widest subgroup, if the device was opened for subgroup matrices; see matrix.ts. */
  readonly matrixLanes?: number;
  /** Bytes in live GPU buffers, and the most there ever were. */
  readonly memory: { bytes: number; peak: number };
  /** The first GPU error or device loss. Once it is set, every read throws it. */
  failure: Error | undefined;
  /** Settled when all verdicts on what was submitted until now have come; see `guarded`. */
  verdicts: Promise<void>;
  /** Set while launches are timed; see trace.ts. */
  trace: OpenTrace | undefined;
}

const wantedFeatures: readonly GPUFeatureName[] = ['timestamp-query', 'shader-f16', 'subgroups'];

/**
 * Opens a device with every limit the adapter offers (the defaults allow only 128 MiB bindings) and those of the
 * features we use that it has.
 *
 * @param options.experimental with its subgroup matrices as well, which products of f16 weights then use: see
 *   matrix.ts. In Node the adapter must have been asked for with `experimental` too.
 * @throws InputError when `experimental` and the adapter has no such matrices.
 * @throws Error when the adapter refuses to give a device.
 */
export async function openGpu(
  adapter: GPUAdapter,
  { experimental = false }: { experimental?: boolean } = {},
): Promise<Gpu> {
  const matrices = experimental ? { matrixLanes: matrixLanes(adapter) } : {};
  const features = wantedFeatures.filter((feature) => adapter.features.has(feature));
  const device = await adapter.requestDevice({
    label: 'float-webgpu',
    requiredFeatures: [...features, ...(experimental ? [matrixFeature] : [])],
    requiredLimits: {
      maxBufferSize: adapter.limits.maxBufferSize,
      maxStorageBufferBindingSize: adapter.limits.maxStorageBufferBindingSize,
      maxComputeWorkgroupStorageSize: adapter.limits.maxComputeWorkgroupStorageSize,
      maxComputeInvocationsPerWorkgroup: adapter.limits.maxComputeInvocationsPerWorkgroup,
      maxComputeWorkgroupSizeX: adapter.limits.maxComputeWorkgroupSizeX,
    },
  });
  const gpu: Gpu = {
    device,
    adapter,
    pipelines: createPipelineCache(device),
    tuning: chooseTuning(adapter),
    ...matrices,
    memory: { bytes: 0, peak: 0 },
    failure: undefined,
    verdicts: Promise.resolve(),
    trace: undefined,
  };
  device.onuncapturederror = (event) => {
    gpu.failure ??= new Error(`GPU error: ${event.error.message}`);
  };
  void device.lost.then((info) => {
    if (info.reason !== 'destroyed') gpu.failure ??= new GpuLostError(lostMessage(info));
  });
  return gpu;
}

/**
 * Frees the device and all its buffers; the process can then end by itself. What still runs on it is rejected with
 * GpuClosedError, and so is what is begun later. Closing it again does nothing.
 */
export function closeGpu(gpu: Gpu): void {
  gpu.failure ??= new GpuClosedError(
    'the GPU was closed: closeGpu was called before the work on it had ended',
  );
  gpu.device.destroy();
}

/** Throws the GPU's failure, if there was one. GPU errors are never passed over: results after one are garbage. */
export function check(gpu: Gpu): void {
  if (gpu.failure) throw gpu.failure;
}

/**
 * Does something with the GPU and notes whether it was valid. WebGPU tells of errors later and elsewhere; every read
 * back waits for these verdicts first, so that no result of a failed step is ever returned.
 */
export function guarded<T>(gpu: Gpu, what: string, action: () => T): T {
  filters.forEach((filter) => gpu.device.pushErrorScope(filter));
  try {
    return action();
  } finally {
    const verdicts = filters.toReversed().map(async (filter) => {
      // A lost device rejects; `device.lost` tells why.
      const error = await gpu.device.popErrorScope().catch(() => null);
      if (error) gpu.failure ??= failureOf(filter, `${what}: ${error.message}`);
    });
    // Fulfilled with nothing: a list of what they were fulfilled with would hold the list before, and that the one
    // before it.
    gpu.verdicts = Promise.all([gpu.verdicts, ...verdicts]).then(() => undefined);
  }
}

const filters: readonly GPUErrorFilter[] = ['validation', 'out-of-memory', 'internal'];

function failureOf(filter: GPUErrorFilter, message: string): Error {
  return filter === 'out-of-memory'
    ? new OutOfMemoryError(`${oneLine(message)} (the GPU's memory is full: ${lessMemory})`)
    : new Error(message);
}

const lessMemory =
  'close other programs that use it, or try weights in f16 (--precision f16), a smaller size, a shorter recording, ' +
  'or another adapter (--adapter software)';

const oneLine = (text: string) => text.trim().replaceAll(/\s*\n\s*/g, ' ');

const lostMessage = ({ message }: GPUDeviceLostInfo) =>
  `the GPU was lost: ${oneLine(message) || 'its driver gave no reason'} (a reset of the driver, a card taken away, or ` +
  'work that took too long at one; run again, on another adapter if it happens again: --adapter software)';

/** Waits for the verdicts on everything submitted so far and throws the GPU's failure, if there was one. */
export async function settle(gpu: Gpu): Promise<void> {
  await gpu.verdicts;
  check(gpu);
}

/**
 * A buffer of `bytes` (rounded up to 4), counted in `gpu.memory`.
 *
 * @throws OutOfMemoryError when it is larger than one binding may be on this adapter.
 */
export function createBuffer(gpu: Gpu, label: string, bytes: number, usage: GPUBufferUsageFlags): GPUBuffer {
  const size = Math.max(16, Math.ceil(bytes / 4) * 4);
  const { maxStorageBufferBindingSize, maxBufferSize } = gpu.device.limits;
  const most =
    usage & GPUBufferUsage.STORAGE ? Math.min(maxStorageBufferBindingSize, maxBufferSize) : maxBufferSize;
  if (size > most) {
    const mebibytes = (n: number) => `${(n / 2 ** 20).toFixed(1)} MiB`;
    throw new OutOfMemoryError(
      `${label} needs ${mebibytes(size)} in one buffer, but this adapter binds at most ${mebibytes(most)}: ` +
        `use a shorter recording or another adapter`,
    );
  }
  const buffer = guarded(gpu, label, () => gpu.device.createBuffer({ label, size, usage }));
  gpu.memory.bytes += size;
  gpu.memory.peak = Math.max(gpu.memory.peak, gpu.memory.bytes);
  return buffer;
}

export function destroyBuffer(gpu: Gpu, buffer: GPUBuffer): void {
  gpu.memory.bytes -= buffer.size;
  buffer.destroy();
}

/** What a tensor's buffer is for. A function: in Node the WebGPU constants exist only once Dawn is loaded. */
export const tensorUsage = (): GPUBufferUsageFlags =>
  GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

/** A tensor with a buffer of its own, zero at first. */
export function createTensor(
  gpu: Gpu,
  label: string,
  shape: readonly number[],
  precision: Precision = 'f32',
): Tensor {
  const buffer = createBuffer(gpu, label, bytesOf({ shape, precision }), tensorUsage());
  return { label, shape, precision, memory: { kind: 'buffer', buffer } };
}

/** Copies `data` to a new tensor. */
export function uploadTensor(
  gpu: Gpu,
  label: string,
  shape: readonly number[],
  data: Float32Array<ArrayBuffer>,
  precision?: Precision,
): Tensor {
  const tensor = createTensor(gpu, label, shape, precision);
  try {
    writeTensor(gpu, tensor, data);
    return tensor;
  } catch (error) {
    destroyTensor(gpu, tensor);
    throw error;
  }
}

/** Overwrites a tensor that has a buffer of its own, rounding to its precision (see `toFloat16`). */
export function writeTensor(gpu: Gpu, tensor: Tensor, data: Float32Array<ArrayBuffer>): void {
  if (data.length !== sizeOf(tensor.shape)) {
    throw new RangeError(`${describe(tensor)} cannot take ${data.length} values`);
  }
  // WebGPU writes multiples of four bytes.
  const stored = tensor.precision === 'f16' ? toFloat16(data, Math.ceil(data.length / 2) * 2) : data;
  const { buffer, offset = 0 } = memoryOf(tensor);
  guarded(gpu, tensor.label, () => gpu.device.queue.writeBuffer(buffer, offset, stored));
}

export function destroyTensor(gpu: Gpu, tensor: Tensor): void {
  destroyBuffer(gpu, bufferOf(tensor));
}

/** The buffer of a tensor that has one; scratch tensors have none before their plan is finished. */
export function bufferOf(tensor: Tensor): GPUBuffer {
  return memoryOf(tensor).buffer;
}

/** The same, with the place in the buffer. */
export function memoryOf(tensor: Tensor): BufferMemory {
  if (tensor.memory.kind !== 'buffer') throw new Error(`${tensor.label} is scratch memory of a plan`);
  return tensor.memory;
}
