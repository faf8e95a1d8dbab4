import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OutOfMemoryError } from '../../src/base/errors.js';
import { linear } from '../../src/ops/linear.js';
import { evaluate } from '../../src/runtime/evaluate.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { closeGpu, createBuffer, destroyTensor, uploadTensor } from '../../src/runtime/gpu.js';
import { compilePlan, destroyPlan, readOutputs, runPlan, writeInput } from '../../src/runtime/plan.js';
import { profilePlan } from '../../src/runtime/profile.js';
import type { Recorder } from '../../src/runtime/recorder.js';
import { dispatch, flatGrid, input, output, scratch, tap } from '../../src/runtime/recorder.js';
import type { Tensor } from '../../src/runtime/tensor.js';
import { openTestGpu, gaussian } from '../fixtures.js';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openTestGpu();
});
afterAll(() => closeGpu(gpu));

const identity = (size: number, factor = 1) =>
  Float32Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? factor : 0));

/** Five doublings in a row, each named. */
function doublings(rec: Recorder, weight: Tensor): void {
  let x = input(rec, 'x', [1, 3]);
  for (let layer = 0; layer < 5; layer++) x = tap(rec, `layers.${layer}`, linear(rec, x, weight));
  output(rec, 'y', x);
}

describe('plans', () => {
  it('run again with new inputs, and keep inner tensors only when asked', async () => {
    const weight = uploadTensor(gpu, 'weight', [3, 3], identity(3, 2));
    const plain = await compilePlan(gpu, 'plain', (rec) => doublings(rec, weight));
    const tapped = await compilePlan(gpu, 'tapped', (rec) => doublings(rec, weight), { taps: ['layers.1'] });
    expect([...plain.outputs.keys()]).toEqual(['y']);
    for (const start of [1, -5]) {
      for (const plan of [plain, tapped]) writeInput(plan, 'x', Float32Array.of(start, 0, start + 1));
      [plain, tapped].forEach(runPlan);
      expect([...(await readOutputs(plain, ['y'])).y]).toEqual([32 * start, 0, 32 * (start + 1)]);
      const { 'layers.1': inner } = await readOutputs(tapped, ['layers.1']);
      expect([...inner]).toEqual([4 * start, 0, 4 * (start + 1)]);
    }
    [plain, tapped].forEach(destroyPlan);
    destroyTensor(gpu, weight);
  });

  it('give all their memory back', async () => {
    const before = gpu.memory.bytes;
    const weight = gaussian([3, 3], 1);
    await evaluate(gpu, { x: gaussian([4, 3], 2), weight }, (rec, t) => ({ y: linear(rec, t.x, t.weight) }));
    expect(gpu.memory.bytes).toBe(before);
  });

  it('give their memory back when they cannot be made', async () => {
    const before = gpu.memory.bytes;
    const tooLarge = compilePlan(gpu, 'too large', (rec) => {
      const x = input(rec, 'x', [4, 3]);
      output(rec, 'y', linear(rec, x, input(rec, 'w', [2, 3])));
      output(rec, 'z', scratch(rec, 'z', [gpu.device.limits.maxStorageBufferBindingSize]));
    });
    await expect(tooLarge).rejects.toThrow(/z needs .* MiB/);
    expect(gpu.memory.bytes).toBe(before);
  });

  it('reuse scratch memory', async () => {
    const weight = uploadTensor(gpu, 'weight', [512, 512], identity(512));
    const chain = await compilePlan(gpu, 'chain', (rec) => {
      let x = input(rec, 'x', [2, 512]);
      for (let layer = 0; layer < 9; layer++) x = linear(rec, x, weight);
      output(rec, 'y', x);
    });
    expect(chain.scratchBytes).toBe(2 * 2 * 512 * 4);
    destroyPlan(chain);
    destroyTensor(gpu, weight);
  });

  it('refuse names the kernel does not have and impossible grids, naming kernel and shapes', async () => {
    const record = (params: Record<string, number>, workgroups: [number]) =>
      compilePlan(gpu, 'wrong', (rec) => {
        const x = scratch(rec, 'x', [2, 3]);
        const bindings = { x, z: x, y: scratch(rec, 'y', [2, 3]) };
        dispatch(rec, { kernel: 'add', params, bindings, workgroups });
      });
    await expect(record({ count: 6 }, [1])).rejects.toThrow(/add\(x\[2,3\].*missing: \[repeats,/);
    const params = { count: 6, repeats: 1, inner: 6 };
    await expect(record(params, [70000])).rejects.toThrow(/add\(x\[2,3\].*grid/);
    await expect(record({ ...params, count: -1 }, [1])).rejects.toThrow(/count = -1/);
  });

  it('name the tensor that is too large for the adapter', () => {
    const most = gpu.device.limits.maxStorageBufferBindingSize;
    const create = () => createBuffer(gpu, 'conv_layers.0', most + 4, GPUBufferUsage.STORAGE);
    expect(create).toThrow(OutOfMemoryError);
    expect(create).toThrow(/conv_layers\.0 needs .* MiB/);
  });

  it('turn a GPU error into a rejected read, with the name of the plan', async () => {
    const weight = uploadTensor(gpu, 'weight', [3, 3], identity(3));
    const plan = await compilePlan(gpu, 'doomed', (rec) => doublings(rec, weight));
    destroyTensor(gpu, weight);
    runPlan(plan);
    await expect(readOutputs(plan, ['y'])).rejects.toThrow(/^doomed: .*weight.*destroyed/);
    gpu.failure = undefined;
    destroyPlan(plan);
  });

  it('profile each launch', async () => {
    const weight = uploadTensor(gpu, 'weight', [3, 3], identity(3));
    const plan = await compilePlan(gpu, 'five', (rec) => doublings(rec, weight));
    if (gpu.device.features.has('timestamp-query')) {
      const times = await profilePlan(plan);
      expect(times.map(({ kernel }) => kernel)).toEqual(new Array(5).fill('linear_row'));
      for (const { milliseconds } of times) expect(milliseconds).toBeGreaterThanOrEqual(0);
    } else {
      await expect(profilePlan(plan)).rejects.toThrow('timestamp-query');
    }
    destroyPlan(plan);
    destroyTensor(gpu, weight);
  });
});

describe('flatGrid', () => {
  it('folds more than 65535 workgroups into two dimensions', () => {
    expect(flatGrid(1, 64)).toEqual([1, 1]);
    expect(flatGrid(65535 * 64, 64)).toEqual([65535, 1]);
    const [x, y] = flatGrid(65536 * 64, 64);
    expect(x).toBeLessThanOrEqual(65535);
    expect(x * y).toBeGreaterThanOrEqual(65536);
  });
});
