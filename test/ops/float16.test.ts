import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { conv1d, conv1dReference, tapsBeforeChannels } from '../../src/ops/conv1d.js';
import { conv2d, conv2dReference, convTranspose2d, convTranspose2dReference } from '../../src/ops/conv2d.js';
import { packTransposedWeight, packWeight } from '../../src/ops/conv-weight.js';
import { convert } from '../../src/ops/convert.js';
import { add } from '../../src/ops/elementwise.js';
import { gridSample, warpBlend, warpBlendReference } from '../../src/ops/flow.js';
import { linear, linearReference } from '../../src/ops/linear.js';
import { pointwise, pointwiseReference } from '../../src/ops/pointwise.js';
import { upfirdn2d, upfirdn2dReference } from '../../src/ops/upfirdn2d.js';
import { evaluate } from '../../src/runtime/evaluate.js';
import { fromFloat16, toFloat16 } from '../../src/base/float16.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import { expectClose } from '../compare.js';
import { gaussian, halved, needsFloat16, openTestGpu, products, useProduct } from '../fixtures.js';

/**
 * Operators on operands that f16 holds, against their float64 twins. Sums are f32, so that results stored as f32 are as
 * exact as ever, and results stored as f16 are off by half a step more, 2⁻¹¹ of their value.
 */
const exact = 4e-7;
const half = 2 ** -11 + exact;

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openTestGpu();
});
afterAll(() => closeGpu(gpu));
beforeEach((test) => needsFloat16(gpu, test));

const picture = {
  batch: fc.integer({ min: 1, max: 3 }),
  inputs: fc.integer({ min: 1, max: 40 }),
  outputs: fc.integer({ min: 1, max: 20 }),
  height: fc.integer({ min: 3, max: 9 }),
  width: fc.integer({ min: 3, max: 9 }),
  seed: fc.integer(),
};
const few = { numRuns: 20, seed: 1 };

/** Rounded weights as a PyTorch tensor and packed for the kernel. */
function packed(
  pack: typeof packWeight,
  size: { outputs: number; inputs: number; kernel: number; seed: number },
) {
  const { data } = halved(gaussian([size.outputs, size.inputs, size.kernel, size.kernel], size.seed));
  return { weight: data, w: halved(pack(data, size)) };
}

describe.each(products)('products in f16, %s', (product) => {
  beforeEach((test) => useProduct(gpu, product, test));

  it.each(['plain', 'rows'] as const)('conv2d, 3×3 %s', async (conv3x3) => {
    gpu.tuning = { ...gpu.tuning, conv3x3 };
    const sizes = fc.record({ ...picture, kernel: fc.constantFrom(1, 3), fours: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(sizes, async ({ fours, ...drawn }) => {
        const size = { ...drawn, width: fours ? 8 : drawn.width, padding: (drawn.kernel - 1) / 2 };
        const { batch, inputs, outputs, height, width, seed, padding } = size;
        const x = halved(gaussian([batch, inputs, height, width], seed + 1));
        const addend = halved(gaussian([batch, outputs, height, width], seed + 2));
        const style = gaussian([batch, inputs], seed + 3);
        const bias = gaussian([outputs], seed + 4);
        const { weight, w } = packed(packWeight, size);
        const { y } = await evaluate(gpu, { x, w, addend, style, bias }, (rec, t) => {
          const { addend, bias } = t;
          const options = { padding, addend, bias, leaky: true, style: { values: t.style, offset: 0 } };
          return { y: conv2d(rec, t.x, { tensor: t.w, outputs }, options) };
        });
        const options = { addend: addend.data, bias: bias.data, leaky: true, style: style.data };
        expectClose('conv2d', y.data, conv2dReference(x.data, weight, { ...size, ...options }), half);
      }),
      few,
    );
  });

  it('conv2d with its sum split: the parts are f32', async () => {
    const size = { batch: 1, inputs: 300, outputs: 20, height: 4, width: 4, kernel: 3, padding: 1, seed: 1 };
    const x = halved(gaussian([1, 300, 4, 4], 2));
    const { weight, w } = packed(packWeight, size);
    const parts: string[] = [];
    const { y } = await evaluate(gpu, { x, w }, (rec, t) => {
      const y = conv2d(rec, t.x, { tensor: t.w, outputs: 20 }, { padding: 1 });
      parts.push(...rec.dispatches.map(({ bindings }) => bindings['y']?.precision ?? 'f32'));
      return { y };
    });
    expect(parts).toEqual(product === 'shared' ? ['f32', 'f16'] : ['f16']);
    expectClose('conv2d', y.data, conv2dReference(x.data, weight, size), half);
  });

  it('convTranspose2d', async () => {
    await fc.assert(
      fc.asyncProperty(fc.record(picture), async (drawn) => {
        const size = { ...drawn, kernel: 3 };
        const x = halved(gaussian([size.batch, size.inputs, size.height, size.width], size.seed + 1));
        const { weight, w } = packed(packTransposedWeight, size);
        const { y } = await evaluate(gpu, { x, w }, (rec, t) => ({
          y: convTranspose2d(rec, t.x, { tensor: t.w, outputs: size.outputs }),
        }));
        expectClose('convTranspose2d', y.data, convTranspose2dReference(x.data, weight, size), half);
      }),
      few,
    );
  });

  it('linear: f16 weights, all else f32', async () => {
    const sizes = fc.record({
      rows: fc.integer({ min: 1, max: 70 }),
      inputs: fc.oneof(fc.integer({ min: 1, max: 80 }), fc.constant(64)),
      outputs: fc.integer({ min: 1, max: 70 }),
      seed: fc.integer(),
    });
    await fc.assert(
      fc.asyncProperty(sizes, async ({ seed, ...size }) => {
        const x = gaussian([size.rows, size.inputs], seed);
        const w = halved(gaussian([size.outputs, size.inputs], seed + 1));
        const bias = gaussian([size.outputs], seed + 2);
        const { y } = await evaluate(gpu, { x, w, bias }, (rec, t) => ({
          y: linear(rec, t.x, t.w, { bias: t.bias }),
        }));
        expectClose('linear', y.data, linearReference(x.data, w.data, bias.data, size), exact);
      }),
      few,
    );
  });

  it('conv1d: f16 weights, all else f32', async () => {
    const sizes = fc.record({
      batch: fc.integer({ min: 1, max: 2 }),
      frames: fc.integer({ min: 5, max: 60 }),
      inputs: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constant(16)),
      outputs: fc.integer({ min: 1, max: 30 }),
      taps: fc.integer({ min: 1, max: 5 }),
      groups: fc.integer({ min: 1, max: 2 }),
      seed: fc.integer(),
    });
    await fc.assert(
      fc.asyncProperty(sizes, async ({ inputs, outputs, seed, ...drawn }) => {
        const size = { ...drawn, channels: inputs * drawn.groups, outChannels: outputs * drawn.groups };
        const { batch, frames, channels, outChannels, taps, groups } = size;
        const x = gaussian([batch, frames, channels], seed);
        const { data } = halved(gaussian([outChannels, inputs, taps], seed + 1));
        const shape = [outChannels, taps, inputs];
        const w = halved({ shape, data: tapsBeforeChannels(data, { outputs: outChannels, inputs, taps }) });
        const { y } = await evaluate(gpu, { x, w }, (rec, t) => ({ y: conv1d(rec, t.x, t.w, { groups }) }));
        const geometry = { ...size, stride: 1, padding: 0, outFrames: frames - taps + 1 };
        expectClose('conv1d', y.data, conv1dReference(x.data, data, undefined, geometry), exact);
      }),
      few,
    );
  });
});

describe('pictures in f16', () => {
  it('upfirdn2d', async () => {
    await fc.assert(
      fc.asyncProperty(fc.record({ ...picture, up: fc.integer({ min: 1, max: 2 }) }), async (drawn) => {
        const { batch, outputs, height, width, seed, up } = drawn;
        const size = { batch, outputs, height, width, up, pad: [2, 2] as const, gain: up * up };
        const x = halved(gaussian([batch, outputs, height, width], seed));
        const bias = gaussian([outputs], seed + 1);
        const { y } = await evaluate(gpu, { x, bias }, (rec, t) => ({
          y: upfirdn2d(rec, t.x, { ...size, bias: t.bias, leaky: true }),
        }));
        const expected = upfirdn2dReference(x.data, { ...size, bias: bias.data, leaky: true });
        expectClose('upfirdn2d', y.data, expected, half);
      }),
      few,
    );
  });

  it('pointwise: the result is f32', async () => {
    await fc.assert(
      fc.asyncProperty(fc.record(picture), async ({ batch, inputs, height, width, seed }) => {
        const size = { batch, inputs, outputs: 3, plane: height * width };
        const x = halved(gaussian([batch, inputs, height, width], seed));
        const weight = gaussian([3, inputs, 1, 1], seed + 1);
        const w = packWeight(weight.data, { outputs: 3, inputs, kernel: 1 });
        const { y } = await evaluate(gpu, { x, w }, (rec, t) => ({
          y: pointwise(rec, t.x, { tensor: t.w, outputs: 3 }),
        }));
        expectClose('pointwise', y.data, pointwiseReference(x.data, weight.data, size), exact);
      }),
      few,
    );
  });

  it('warpBlend: places and mask are f32', async () => {
    await fc.assert(
      fc.asyncProperty(fc.record(picture), async ({ batch, inputs: channels, height, width, seed }) => {
        const x = halved(gaussian([batch, channels, height, width], seed));
        const h = halved(gaussian([batch, channels, height, width], seed + 1));
        const grid = gaussian([batch, height, width, 2], seed + 2);
        const mask = gaussian([batch, height, width], seed + 3);
        const { warped, blended } = await evaluate(gpu, { x, h, grid, mask }, (rec, t) => {
          const { warped, blended } = warpBlend(rec, t.x, { grid: t.grid, mask: t.mask }, t.h);
          return { warped, blended: blended! };
        });
        const size = { batch, channels, height, width, positions: height * width };
        const fields = { grid: grid.data, mask: mask.data };
        const expected = warpBlendReference(x.data, fields, h.data, size);
        expectClose('warped', warped.data, expected.warped, half);
        expectClose('blended', blended.data, expected.blended, half);
      }),
      few,
    );
  });

  it('convert rounds to the nearest; beyond ±65504 comes infinity, and NaN stays', async () => {
    const x = gaussian([7, 11], 1);
    x.data.set([1e6, -7e4, 65504, 1 + 2 ** -11, NaN, Infinity, -Infinity, 65519, 65520, -65520]);
    const { y } = await evaluate(gpu, { x }, (rec, t) => ({ y: convert(rec, t.x, 'f16') }));
    expect(y.data).toEqual(fromFloat16(toFloat16(x.data)));
    const first = [Infinity, -Infinity, 65504, 1, NaN, Infinity, -Infinity, 65504, Infinity, -Infinity];
    expect([...y.data.subarray(0, 10)]).toEqual(first);
  });
});

describe('mixtures', () => {
  const x = halved(gaussian([1, 2, 4, 4], 1));

  it('are refused where a kernel has one type for several tensors', async () => {
    const addend = gaussian([1, 2, 4, 4], 2);
    const run = evaluate(gpu, { x, addend }, (rec, t) => ({
      y: upfirdn2d(rec, t.x, { pad: [2, 1], addend: t.addend }),
    }));
    await expect(run).rejects.toThrow(
      'upfirdn2d: all Value of a launch are of one precision: x[1,2,4,4] f16, addend[1,2,4,4], upfirdn2d[1,2,4,4] f16',
    );
  });

  it('are refused where a kernel reads f32 only', async () => {
    const grid = halved(gaussian([1, 4, 4, 2], 2));
    const sampled = evaluate(gpu, { x, grid }, (rec, t) => ({ y: gridSample(rec, t.x, t.grid) }));
    await expect(sampled).rejects.toThrow(
      'grid_sample: grid[1,4,4,2] f16 is bound where the kernel reads f32',
    );
    const added = evaluate(gpu, { x }, (rec, t) => ({ y: add(rec, t.x, t.x) }));
    await expect(added).rejects.toThrow('add: x[1,2,4,4] f16 is bound where the kernel reads f32');
  });
});
