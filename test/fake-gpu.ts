import { openGpu, type Gpu } from '../src/runtime/gpu.js';

/**
 * A GPU that computes nothing and counts: what is alive, and what is asked of it. Everything that can fail on a real
 * one can be made to fail here. What is read from it is zero.
 */
export interface FakeGpu {
  readonly gpu: Gpu;
  /** Bytes in buffers, and query sets, created and not destroyed. */
  readonly live: () => number;
  /** Calls so far of what can fail. */
  readonly calls: () => number;
  /** From now on the n-th such call fails, n = 0 the next; none if undefined. */
  readonly failAt: (n: number | undefined) => void;
}

export const failure = new Error('the fake GPU has failed');

const constants = {
  GPUBufferUsage: {
    ...{ MAP_READ: 1, MAP_WRITE: 2, COPY_SRC: 4, COPY_DST: 8, INDEX: 16, VERTEX: 32, UNIFORM: 64 },
    ...{ STORAGE: 128, INDIRECT: 256, QUERY_RESOLVE: 512 },
  },
  GPUShaderStage: { VERTEX: 1, FRAGMENT: 2, COMPUTE: 4 },
  GPUMapMode: { READ: 1, WRITE: 2 },
};

export async function openFakeGpu(): Promise<FakeGpu> {
  Object.assign(globalThis, constants);
  const alive = new Map<object, number>();
  let calls = 0;
  let failing: number | undefined;
  const mayFail = () => {
    if (failing !== undefined && calls++ === failing) throw failure;
    if (failing === undefined) calls++;
  };
  const thing = (bytes: number, more: object = {}) => {
    const made = { ...more, size: bytes, destroy: () => alive.delete(made) };
    alive.set(made, bytes);
    return made;
  };
  const createBuffer = ({ size }: GPUBufferDescriptor) => {
    mayFail();
    const buffer: Record<string, unknown> = thing(size, { mapState: 'unmapped' });
    return Object.assign(buffer, {
      mapAsync: async () => {
        await Promise.resolve();
        mayFail();
        buffer['mapState'] = 'mapped';
      },
      // Every value −1.7e38, which is finite; of pixels alpha is 255.
      getMappedRange: () => new Uint32Array(size / 4).fill(0xff000000).buffer,
      unmap: () => (buffer['mapState'] = 'unmapped'),
    });
  };
  const nothing = () => undefined;
  const pass = { setPipeline: nothing, setBindGroup: nothing, dispatchWorkgroups: nothing, end: nothing };
  const encoder = {
    beginComputePass: () => pass,
    copyBufferToBuffer: nothing,
    resolveQuerySet: nothing,
    finish: () => ({}),
  };
  const features = new Set(['timestamp-query', 'shader-f16', 'subgroups']);
  const limits = {
    maxBufferSize: 2 ** 30,
    maxStorageBufferBindingSize: 2 ** 30,
    minUniformBufferOffsetAlignment: 256,
    maxComputeWorkgroupsPerDimension: 65535,
  };
  const fallible = (result: object) => () => {
    mayFail();
    return result;
  };
  const device = {
    features,
    limits,
    lost: new Promise(nothing),
    queue: { submit: mayFail, writeBuffer: mayFail, onSubmittedWorkDone: () => Promise.resolve() },
    pushErrorScope: nothing,
    popErrorScope: () => Promise.resolve(null),
    destroy: nothing,
    createBuffer,
    createQuerySet: ({ count }: GPUQuerySetDescriptor) => {
      mayFail();
      return thing(8 * count);
    },
    createShaderModule: fallible({ getCompilationInfo: () => Promise.resolve({ messages: [] }) }),
    createBindGroupLayout: fallible({}),
    createPipelineLayout: fallible({}),
    createBindGroup: fallible({}),
    createCommandEncoder: fallible(encoder),
    createComputePipelineAsync: async () => {
      await Promise.resolve();
      mayFail();
      return {};
    },
  };
  const info = { isFallbackAdapter: true, subgroupMinSize: 8, subgroupMaxSize: 8 };
  const adapter = { features, limits, info, requestDevice: () => Promise.resolve(device) };
  return {
    gpu: await openGpu(adapter as unknown as GPUAdapter),
    live: () => [...alive.values()].reduce((sum, bytes) => sum + bytes, 0),
    calls: () => calls,
    failAt: (n) => ([failing, calls] = [n, 0]),
  };
}
