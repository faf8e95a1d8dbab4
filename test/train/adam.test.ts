import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blend, blendReference } from '../../src/ops/blend.js';
import { motionLoss, motionLossAdjointReference, motionLossReference } from '../../src/ops/motion-loss.js';
import { tapeOperators } from '../../src/ops/tape-operators.js';
import { evaluate } from '../../src/runtime/evaluate.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { closeGpu, createTensor, destroyTensor, writeTensor } from '../../src/runtime/gpu.js';
import { compilePlan, destroyPlan, readOutputs, runPlan, writeInput } from '../../src/runtime/plan.js';
import { readTensors } from '../../src/runtime/read-back.js';
import { output } from '../../src/runtime/recorder.js';
import { backward, openTape } from '../../src/runtime/tape.js';
import type { AdamSettings } from '../../src/train/adam.js';
import { adamControl, adamInput, adamReference, recordAdam } from '../../src/train/adam.js';
import { closeFlatParameters, openFlatParameters, parameterCount } from '../../src/train/flat-parameters.js';
import { expectClose } from '../compare.js';
import { gaussian, openTestGpu } from '../fixtures.js';
import { expectGradient } from '../ops/adjoint.js';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openTestGpu();
});
afterAll(() => closeGpu(gpu));

const shapes = new Map<string, readonly number[]>([
  ['a.weight', [7, 5]],
  ['a.bias', [7]],
  ['b', [129]],
]);

describe('flat parameters', () => {
  it('are views of one buffer at aligned places, written and read apart', async () => {
    const before = gpu.memory.bytes;
    const flat = openFlatParameters(gpu, shapes);
    expect(flat.parts).toHaveLength(1);
    expect(parameterCount(flat)).toBe(35 + 7 + 129);
    const values = [...flat.views].map(([name, { value }], i) => {
      const { data } = gaussian(shapes.get(name) ?? [], i);
      writeTensor(gpu, value, data);
      return data;
    });
    const read = await readTensors(gpu, [...flat.views.values()].map(({ value }) => value)); // prettier-ignore
    expect(read).toEqual(values);
    closeFlatParameters(flat);
    expect(gpu.memory.bytes).toBe(before);
  });

  it('begin another buffer where the adapter binds no more', () => {
    const limited = {
      ...gpu,
      device: Object.assign(Object.create(gpu.device) as GPUDevice, {
        limits: { maxStorageBufferBindingSize: 512, maxBufferSize: 2 ** 20 },
        createBuffer: (descriptor: GPUBufferDescriptor) => gpu.device.createBuffer(descriptor),
        pushErrorScope: (filter: GPUErrorFilter) => gpu.device.pushErrorScope(filter),
        popErrorScope: () => gpu.device.popErrorScope(),
      }),
    };
    const flat = openFlatParameters(limited, new Map([['a', [64]], ['b', [64]], ['c', [1]]])); // prettier-ignore
    expect(flat.parts.map(({ value }) => value.shape)).toEqual([[128], [64]]);
    closeFlatParameters(flat);
  });
});

describe('Adam', () => {
  const settings: AdamSettings = { rate: 0.01, beta1: 0.9, beta2: 0.999, eps: 1e-8, maxNorm: 1 };

  it.each([
    ['clipped', settings, 1],
    ['not clipped', { ...settings, maxNorm: undefined }, 1],
    // PyTorch divides by norm + 1e-6.
    ['clipped where gradients are tiny', { ...settings, maxNorm: 1e-7 }, 1e-7],
  ])('equals its float64 twin over steps, %s', async (_, own, size) => {
    const flat = openFlatParameters(gpu, shapes);
    const plan = await compilePlan(gpu, 'adam', (rec) => {
      output(rec, 'norm', recordAdam(rec, flat));
    });
    const views = [...flat.views];
    const states = views.map(([name, { value }], i) => {
      const { data } = gaussian(shapes.get(name) ?? [], i);
      writeTensor(gpu, value, data);
      const zeros = () => new Float64Array(data.length);
      return { value: Float64Array.from(data), m: zeros(), v: zeros() };
    });
    for (let t = 1; t <= 5; t++) {
      const gradients = views.map(([name], i) =>
        gaussian(shapes.get(name) ?? [], 10 * t + i).data.map((value) => value * size),
      );
      views.forEach(([, { gradient }], i) => writeTensor(gpu, gradient, gradients[i]!));
      writeInput(plan, adamInput, adamControl(own, t));
      runPlan(plan);
      const norm = Math.hypot(...gradients.flatMap((g) => [...g]));
      const read = await readOutputs(plan, ['norm']);
      expect(read.norm[0]! / norm).toBeCloseTo(1, 6);
      states.forEach((state, i) => adamReference(state, gradients[i]!, own, t, norm));
    }
    const values = await readTensors(gpu, views.map(([, { value }]) => value)); // prettier-ignore
    values.forEach((value, i) => expectClose(views[i]![0], value, states[i]!.value, 3e-7));
    destroyPlan(plan);
    closeFlatParameters(flat);
  });
});

describe('motionLoss', () => {
  const size = fc.tuple(
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 2, max: 9 }),
    fc.integer({ min: 1, max: 20 }),
  );
  const options = fc.record({
    firstRow: fc.integer({ min: 0, max: 1 }),
    measure: fc.constantFrom('absolute' as const, 'squared' as const),
    velocityWeight: fc.constantFrom(0, 1, 0.5),
  });

  it('equals its twins, value and gradient', async () => {
    await fc.assert(
      fc.asyncProperty(size, options, fc.integer(), async ([batch, frames, width], own, seed) => {
        const shape = [batch, frames, width];
        const [v, u] = [gaussian(shape, seed), gaussian(shape, seed + 1)];
        const { loss, dv } = await evaluate(gpu, { v, u }, (rec, t) => {
          openTape(rec, tapeOperators(rec), [[t.v, undefined]]);
          const terms = motionLoss(rec, t.v, t.u, own);
          return { loss: terms, dv: backward(rec)(t.v)! };
        });
        const sizes = { batch, frames, width };
        expectClose('terms', loss.data, motionLossReference(v.data, u.data, sizes, own), 5e-7);
        expectClose('dv', dv.data, motionLossAdjointReference(v.data, u.data, sizes, own), 3e-7);
      }),
      { numRuns: 20, seed: 1 },
    );
  });

  it('has a twin of its gradient that central differences confirm', () => {
    fc.assert(
      fc.property(options, fc.integer(), (own, seed) => {
        const sizes = { batch: 2, frames: 4, width: 3 };
        const [v, u] = [gaussian([24], seed).data, gaussian([24], seed + 1).data];
        const loss = (x: Float64Array) => {
          const [main, velocity] = motionLossReference(x, u, sizes, own);
          return [main + own.velocityWeight * velocity];
        };
        expectGradient('dv', loss, v, [1], motionLossAdjointReference(v, u, sizes, own));
      }),
      { numRuns: 20, seed: 1 },
    );
  });
});

describe('a tape', () => {
  it('is refused twice, and costs nothing where nothing is wanted', async () => {
    const x = createTensor(gpu, 'x', [4]);
    const plan = await compilePlan(gpu, 'twice', (rec) => {
      openTape(rec, tapeOperators(rec), []);
      expect(() => openTape(rec, tapeOperators(rec), [])).toThrow('has a tape already');
      motionLoss(rec, { ...x, shape: [1, 2, 2] }, { ...x, shape: [1, 2, 2] }, { measure: 'absolute' });
      const launches = rec.dispatches.length;
      expect(backward(rec)(x)).toBeUndefined();
      expect(rec.dispatches).toHaveLength(launches);
    });
    destroyPlan(plan);
    destroyTensor(gpu, x);
  });
});

describe('blend', () => {
  it.each([
    [0.75, 0.25],
    [1, 0.125],
    [0, 1],
  ])('equals its twin, keeping %f and adding %f', async (keep, add) => {
    const [x, y] = [gaussian([131], 1), gaussian([131], 2)];
    const { out } = await evaluate(
      gpu,
      { x, y, control: { shape: [2], data: Float32Array.of(keep, add) } },
      (rec, t) => {
        blend(rec, t.control, t.x, t.y);
        return { out: t.y };
      },
    );
    expectClose('blend', out.data, blendReference([keep, add], x.data, y.data), 1e-6);
  });

  it('of nothing kept begins anew, whatever was there', async () => {
    const inputs = {
      x: { shape: [2], data: Float32Array.of(1, 2) },
      y: { shape: [2], data: Float32Array.of(NaN, Infinity) },
      control: { shape: [2], data: Float32Array.of(0, 0.5) },
    };
    const { out } = await evaluate(gpu, inputs, (rec, t) => {
      blend(rec, t.control, t.x, t.y);
      return { out: t.y };
    });
    expect([...out.data]).toEqual([0.5, 1]);
  });
});
