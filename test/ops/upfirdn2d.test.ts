import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { upfirdn2d, upfirdn2dReference } from '../../src/ops/upfirdn2d.js';
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

describe('upfirdn2d', () => {
  it('equals its float64 twin over odd shapes, factors, paddings and epilogues', async () => {
    const sizes = fc.record({
      batch: fc.integer({ min: 1, max: 3 }),
      outputs: fc.integer({ min: 1, max: 5 }),
      height: fc.integer({ min: 4, max: 19 }),
      width: fc.integer({ min: 4, max: 19 }),
      up: fc.integer({ min: 1, max: 3 }),
      down: fc.integer({ min: 1, max: 3 }),
      pad: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })),
      gain: fc.constantFrom(1, 4),
      finished: fc.boolean(),
      seed: fc.integer(),
    });
    await fc.assert(
      fc.asyncProperty(sizes, async ({ finished, seed, ...size }) => {
        const { batch, outputs } = size;
        const x = gaussian([batch, outputs, size.height, size.width], seed);
        const plain = upfirdn2dReference(x.data, size);
        const out = (extent: number) =>
          Math.floor((extent * size.up + size.pad[0] + size.pad[1] - 4) / size.down) + 1;
        const yShape = [batch, outputs, out(size.height), out(size.width)];
        const scale = gaussian([3 + batch * outputs], seed + 1);
        const bias = gaussian([outputs], seed + 2);
        const addend = gaussian(yShape, seed + 3);
        const { y } = await evaluate(gpu, { x, scale, bias, addend }, (rec, t) => {
          const { scale, bias, addend } = t;
          const epilogue = finished ? { scale, scaleOffset: 3, bias, addend, leaky: true, factor: 0.75 } : {};
          return { y: upfirdn2d(rec, t.x, { ...size, ...epilogue }) };
        });
        expect(y.shape).toEqual(yShape);
        const epilogue = {
          scale: scale.data.subarray(3),
          bias: bias.data,
          addend: addend.data,
          leaky: true,
          factor: 0.75,
        };
        const expected = finished ? upfirdn2dReference(x.data, { ...size, ...epilogue }) : plain;
        expectClose('upfirdn2d', y.data, expected, 3e-7);
      }),
      { numRuns: 40, seed: 1 },
    );
  });

  it('keeps a constant picture constant inside, blurred or enlarged', () => {
    const x = new Float32Array(64).fill(5);
    const size = { batch: 1, outputs: 1, height: 8, width: 8 };
    const blurred = upfirdn2dReference(x, { ...size, pad: [1, 1] });
    const enlarged = upfirdn2dReference(x, { ...size, up: 2, gain: 4, pad: [2, 1] });
    expect(blurred[3 * 7 + 3]).toBeCloseTo(5, 12);
    expect(enlarged).toHaveLength(256);
    expect(enlarged[7 * 16 + 8]).toBeCloseTo(5, 12);
  });
});
