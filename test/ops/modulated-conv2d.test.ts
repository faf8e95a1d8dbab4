import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conv2dReference, convTranspose2dReference } from '../../src/ops/conv2d.js';
import { packTransposedWeight, packWeight, squareSums } from '../../src/ops/conv-weight.js';
import { demodulation, styledConv } from '../../src/ops/modulated-conv2d.js';
import { pointwise, pointwiseReference } from '../../src/ops/pointwise.js';
import { upfirdn2dReference } from '../../src/ops/upfirdn2d.js';
import { evaluate } from '../../src/runtime/evaluate.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import { expectClose } from '../compare.js';
import { gaussian, openTestGpu } from '../fixtures.js';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openTestGpu();
});
afterAll(() => closeGpu(gpu));

/** The weights of one frame as the paper has them: scaled by the style, then to norm 1 for each output (Sec. 1 of docs). */
function modulatedWeight(weight: Float32Array, style: Float32Array, outputs: number): Float64Array {
  const inputs = style.length;
  const area = weight.length / (outputs * inputs);
  const modulated = Float64Array.from(weight, (w, at) => w * style[Math.floor(at / area) % inputs]!);
  for (let o = 0; o < outputs; o++) {
    const own = modulated.subarray(o * inputs * area, (o + 1) * inputs * area);
    const norm = Math.sqrt(own.reduce((sum, w) => sum + w * w, 1e-8));
    own.forEach((w, at) => (own[at] = w / norm));
  }
  return modulated;
}

const sizes = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  inputs: fc.integer({ min: 1, max: 70 }),
  outputs: fc.integer({ min: 1, max: 20 }),
  height: fc.integer({ min: 3, max: 9 }),
  width: fc.integer({ min: 3, max: 9 }),
  upsample: fc.boolean(),
  seed: fc.integer(),
});

describe('styledConv', () => {
  it('equals a convolution with modulated, demodulated weights, frame by frame', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async ({ upsample, seed, ...size }) => {
        const { batch, inputs, outputs, height, width } = size;
        const plane = height * width;
        const x = gaussian([batch, inputs, height, width], seed);
        const weight = gaussian([outputs, inputs, 3, 3], seed + 1);
        const style = gaussian([batch, inputs], seed + 2);
        const bias = gaussian([outputs], seed + 3);
        const kernel = { outputs, inputs, kernel: 3 };
        const w = (upsample ? packTransposedWeight : packWeight)(weight.data, kernel);
        const squares = { shape: [outputs, inputs], data: squareSums(weight.data, kernel) };
        const { y } = await evaluate(gpu, { x, w, squares, style, bias }, (rec, t) => {
          const weights = { conv: { tensor: t.w, outputs }, squares: t.squares, bias: t.bias };
          return { y: styledConv(rec, t.x, weights, { values: t.style, offset: 0 }, { upsample }) };
        });
        const expected: number[] = [];
        for (let b = 0; b < batch; b++) {
          const frame = x.data.subarray(b * inputs * plane, (b + 1) * inputs * plane);
          const own = modulatedWeight(
            weight.data,
            style.data.subarray(b * inputs, (b + 1) * inputs),
            outputs,
          );
          const one = { ...size, batch: 1 };
          const finish = { bias: bias.data, leaky: true };
          if (upsample) {
            const wide = convTranspose2dReference(frame, own, one);
            const wideSize = { batch: 1, outputs, height: 2 * height + 1, width: 2 * width + 1 };
            expected.push(...upfirdn2dReference(wide, { ...wideSize, pad: [1, 1], gain: 4, ...finish }));
          } else {
            expected.push(...conv2dReference(frame, own, { ...one, kernel: 3, padding: 1, ...finish }));
          }
        }
        expectClose('styledConv', y.data, expected, 2e-6);
      }),
      { numRuns: 25, seed: 1 },
    );
  });
});

describe('demodulation', () => {
  it('is finite for a style of zeros, as 1/√1e-8', async () => {
    const style = { shape: [2, 70], data: new Float32Array(140) };
    style.data.fill(1, 70);
    const squares = { shape: [3, 70], data: new Float32Array(210).fill(0.5) };
    const { d } = await evaluate(gpu, { style, squares }, (rec, t) => ({
      d: demodulation(rec, { values: t.style, offset: 0 }, t.squares),
    }));
    const one = 1 / Math.sqrt(35 + 1e-8);
    expect(d.shape).toEqual([2, 3]);
    expectClose('demodulation', d.data, [1e4, 1e4, 1e4, one, one, one], 1e-6);
  });
});

describe('pointwise', () => {
  it('equals its float64 twin over odd shapes, with and without style, bias, activation and shift', async () => {
    const drawn = fc.record({
      batch: fc.integer({ min: 1, max: 3 }),
      inputs: fc.integer({ min: 1, max: 40 }),
      outputs: fc.integer({ min: 1, max: 4 }),
      plane: fc.integer({ min: 1, max: 150 }),
      styled: fc.boolean(),
      finished: fc.boolean(),
      seed: fc.integer(),
    });
    await fc.assert(
      fc.asyncProperty(drawn, async ({ styled, finished, seed, ...size }) => {
        const { batch, inputs, outputs, plane } = size;
        const x = gaussian([batch, inputs, plane, 1], seed);
        const weight = gaussian([outputs, inputs, 1, 1], seed + 1);
        const style = gaussian([batch, inputs], seed + 2);
        const bias = gaussian([outputs], seed + 3);
        const shift = gaussian([outputs], seed + 4);
        const w = packWeight(weight.data, { outputs, inputs, kernel: 1 });
        const { y } = await evaluate(gpu, { x, w, style, bias, shift }, (rec, t) => ({
          y: pointwise(
            rec,
            t.x,
            { tensor: t.w, outputs },
            {
              style: styled ? { values: t.style, offset: 0 } : undefined,
              ...(finished && { bias: t.bias, shift: t.shift, leaky: true }),
            },
          ),
        }));
        const expected = pointwiseReference(x.data, weight.data, size, {
          style: styled ? style.data : undefined,
          ...(finished && { bias: bias.data, shift: shift.data, leaky: true }),
        });
        expectClose('pointwise', y.data, expected, 2e-6);
      }),
      { numRuns: 30, seed: 1 },
    );
  });
});
