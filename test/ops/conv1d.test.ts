import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { conv1d, conv1dReference, tapsBeforeChannels } from '../../src/ops/conv1d.js';
import type { Conv1dSize } from '../../src/ops/conv1d.js';
import { evaluate } from '../../src/runtime/evaluate.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import { expectClose } from '../compare.js';
import { gaussian, openTestGpu, products, useProduct } from '../fixtures.js';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openTestGpu();
});
afterAll(() => closeGpu(gpu));

type Activation = 'none' | 'geluErf' | 'geluTanh' | 'silu' | 'tanh';

async function compare(
  size: Conv1dSize,
  activation: Activation,
  biased: boolean,
  seed: number,
  hasResidual = false,
) {
  const { batch, frames, channels, outFrames, outChannels, taps, stride, padding, groups } = size;
  const inputs = channels / groups;
  const x = gaussian([batch, frames, channels], seed);
  const w = gaussian([outChannels, inputs, taps], seed + 1);
  const bias = gaussian([outChannels], seed + 2);
  const swapped = {
    shape: [outChannels, taps, inputs],
    data: tapsBeforeChannels(w.data, { outputs: outChannels, inputs, taps }),
  };
  const residual = gaussian([batch, outFrames, outChannels], seed + 3);
  const { y } = await evaluate(gpu, { x, w: swapped, bias, residual }, (rec, t) => ({
    y: conv1d(rec, t.x, t.w, {
      ...{ stride, padding, groups, activation, outFrames },
      bias: biased ? t.bias : undefined,
      residual: hasResidual ? t.residual : undefined,
    }),
  }));
  const convolved = conv1dReference(x.data, w.data, biased ? bias.data : undefined, size, activation);
  const expected = hasResidual ? convolved.map((value, at) => value + residual.data[at]!) : convolved;
  expect(y.shape).toEqual([batch, outFrames, outChannels]);
  expectClose(`conv1d ${JSON.stringify(size)}`, y.data, expected, 6e-7);
}

describe.each(products)('conv1d, %s', (product) => {
  beforeEach((test) => useProduct(gpu, product, test));

  it('equals its float64 twin over odd shapes, strides, paddings and groups', async () => {
    const draws = fc.record({
      batch: fc.integer({ min: 1, max: 2 }),
      extra: fc.integer({ min: 0, max: 90 }),
      inputs: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constantFrom(4, 8, 72)),
      outputs: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 60, max: 70 })),
      groups: fc.integer({ min: 1, max: 3 }),
      taps: fc.integer({ min: 1, max: 11 }),
      stride: fc.integer({ min: 1, max: 5 }),
      padding: fc.integer({ min: 0, max: 6 }),
      dropped: fc.integer({ min: 0, max: 1 }),
      activation: fc.constantFrom<Activation>('none', 'geluErf', 'geluTanh', 'silu', 'tanh'),
      biased: fc.boolean(),
      residual: fc.boolean(),
      seed: fc.integer(),
    });
    await fc.assert(
      fc.asyncProperty(
        draws,
        async ({ extra, inputs, outputs, dropped, activation, biased, residual, seed, ...d }) => {
          const frames = Math.max(1, d.taps - 2 * d.padding) + extra;
          const most = Math.floor((frames + 2 * d.padding - d.taps) / d.stride) + 1;
          const size = {
            ...{ ...d, frames, outFrames: Math.max(1, most - dropped) },
            ...{ channels: inputs * d.groups, outChannels: outputs * d.groups },
          };
          await compare(size, activation, biased, seed, residual);
        },
      ),
      { numRuns: 40, seed: 1 },
    );
  });

  it('does the convolutions of wav2vec2', async () => {
    const first = {
      batch: 1,
      frames: 4000,
      channels: 1,
      outFrames: 799,
      outChannels: 80,
      taps: 10,
      stride: 5,
    };
    await compare({ ...first, padding: 0, groups: 1 }, 'none', false, 1);
    const position = {
      batch: 1,
      frames: 40,
      channels: 96,
      outFrames: 40,
      outChannels: 96,
      taps: 128,
      stride: 1,
    };
    await compare({ ...position, padding: 64, groups: 16 }, 'geluErf', true, 2, true);
  });

  it('refuses what does not fit, naming the shapes', async () => {
    const x = gaussian([1, 4, 6], 1);
    const w = gaussian([6, 5, 2], 2);
    const attempt = (options: { groups?: number; padding?: number; outFrames?: number }) =>
      evaluate(gpu, { x, w }, (rec, t) => ({ y: conv1d(rec, t.x, t.w, options) }));
    await expect(attempt({})).rejects.toThrow('conv1d: w[6,5,2] should have shape [*,*,6]');
    await expect(attempt({ groups: 3 })).rejects.toThrow('conv1d: x[1,4,6] gives 0 frames with w[6,5,2]');
    await expect(attempt({ groups: 3, padding: 1, outFrames: 3 })).rejects.toThrow('2 frames');
  });
});
