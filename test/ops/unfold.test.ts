import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { conv1dReference } from '../../src/ops/conv1d.js';
import { linear } from '../../src/ops/linear.js';
import { fillRows, unfold, unfoldedWidth, unfoldReference } from '../../src/ops/unfold.js';
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

describe('unfold', () => {
  it('equals its plain twin for any windows and steps', async () => {
    const cases = fc.record({
      size: fc.integer({ min: 1, max: 13 }),
      step: fc.integer({ min: 1, max: 15 }),
      extra: fc.integer({ min: 0, max: 400 }),
      seed: fc.integer(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ size, step, extra, seed }) => {
        const x = gaussian([size + extra], seed);
        const { y } = await evaluate(gpu, { x }, (rec, t) => ({ y: unfold(rec, t.x, { size, step }) }));
        expect(y.shape).toEqual([Math.floor(extra / step) + 1, unfoldedWidth(size)]);
        expectClose('unfold', y.data, unfoldReference(x.data, { size, step }), 0);
      }),
      { numRuns: 30, seed: 1 },
    );
  });

  it('refuses what is shorter than a window', async () => {
    const x = gaussian([9], 1);
    const run = evaluate(gpu, { x }, (rec, t) => ({ y: unfold(rec, t.x, { size: 10, step: 5 }) }));
    await expect(run).rejects.toThrow('unfold: x[9] is shorter than a window of 10');
  });
});

describe.each(products)('a convolution of one channel, %s', (product) => {
  beforeEach((test) => useProduct(gpu, product, test));

  it('is a product with windows laid out', async () => {
    const [frames, taps, stride, outChannels] = [4000, 10, 5, 80];
    const x = gaussian([frames], 1);
    const weight = gaussian([outChannels, taps], 2);
    const bias = gaussian([outChannels], 3);
    const w = { shape: [outChannels, unfoldedWidth(taps)], data: fillRows(weight.data, taps) };
    const { y } = await evaluate(gpu, { x, w, bias }, (rec, t) => ({
      y: linear(rec, unfold(rec, t.x, { size: taps, step: stride }), t.w, {
        bias: t.bias,
        activation: 'geluErf',
      }),
    }));
    const size = {
      ...{ batch: 1, frames, channels: 1, outFrames: 799, outChannels, taps, stride },
      ...{ padding: 0, groups: 1 },
    };
    const expected = conv1dReference(x.data, weight.data, bias.data, size, 'geluErf');
    expectClose('convolution', y.data, expected, 3e-7);
  });
});
