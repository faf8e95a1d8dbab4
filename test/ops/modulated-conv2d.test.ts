import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { packTransposedWeight, packWeight, squareSums } from '../../src/ops/conv-weight.js';
import { demodulations, styledConv, styledConvReference } from '../../src/ops/modulated-conv2d.js';
import { pointwise, pointwiseReference } from '../../src/ops/pointwise.js';
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
          const own = style.data.subarray(b * inputs, (b + 1) * inputs);
          expected.push(...styledConvReference(frame, weight.data, own, bias.data, { ...size, upsample }));
        }
        expectClose('styledConv', y.data, expected, 6e-7);
      }),
      { numRuns: 25, seed: 1 },
    );
  });
});

describe('demodulations', () => {
  it('makes the scales of all layers in one launch, each from its own part of the styles', async () => {
    const batch = 3;
    const layers = [
      { inputs: 33, outputs: 9, styleOffset: 4 },
      { inputs: 5, outputs: 16, styleOffset: 0 },
      { inputs: 70, outputs: 3, styleOffset: 37 },
    ];
    const styles = gaussian([batch, 107], 1);
    const squares = gaussian([33 * 9 + 5 * 16 + 70 * 3], 2);
    squares.data.forEach((value, at) => (squares.data[at] = value ** 2));
    let launches = 0;
    let offsets: number[] = [];
    const { d } = await evaluate(gpu, { styles, squares }, (rec, t) => {
      const scales = demodulations(rec, t.styles, t.squares, layers);
      offsets = scales.map(({ scaleOffset }) => scaleOffset);
      launches = rec.dispatches.length;
      return { d: scales[0]!.scale };
    });
    expect(launches).toBe(1);
    expect(offsets).toEqual([0, 27, 75]);
    let start = 0;
    const expected = layers.flatMap(({ inputs, outputs, styleOffset }) => {
      const own = squares.data.subarray(start, (start += inputs * outputs));
      return Array.from({ length: batch * outputs }, (_, at) => {
        const [frame, o] = [Math.floor(at / outputs), at % outputs];
        let sum = 1e-8;
        for (let i = 0; i < inputs; i++) {
          sum += styles.data[frame * 107 + styleOffset + i]! ** 2 * own[o * inputs + i]!;
        }
        return 1 / Math.sqrt(sum);
      });
    });
    expectClose('demodulations', d.data, expected, 2e-6);
  });

  it('is finite for a style of zeros, as 1/√1e-8', async () => {
    const styles = { shape: [2, 70], data: new Float32Array(140) };
    styles.data.fill(1, 70);
    const squares = { shape: [210], data: new Float32Array(210).fill(0.5) };
    const { d } = await evaluate(gpu, { styles, squares }, (rec, t) => ({
      d: demodulations(rec, t.styles, t.squares, [{ inputs: 70, outputs: 3, styleOffset: 0 }])[0]!.scale,
    }));
    const one = 1 / Math.sqrt(35 + 1e-8);
    expectClose('demodulation', d.data, [1e4, 1e4, 1e4, one, one, one], 3e-7);
  });
});

describe.each(['workgroup', 'invocation'] as const)('pointwise, rows by %s', (row) => {
  beforeEach(() => {
    gpu.tuning = { ...gpu.tuning, row };
  });

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
        expectClose('pointwise', y.data, expected, 4e-7);
      }),
      { numRuns: 30, seed: 1 },
    );
  });
});
