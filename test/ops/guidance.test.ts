import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guidance, guidanceReference, needsGuidance } from '../../src/ops/guidance.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import { evaluate } from '../../src/runtime/evaluate.js';
import { expectClose } from '../compare.js';
import { gaussian, openTestGpu } from '../fixtures.js';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openTestGpu();
});
afterAll(() => closeGpu(gpu));

describe('guidance', () => {
  it('equals guidanceReference for any scales', async () => {
    const cases = fc.tuple(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: -2, max: 9 }),
      fc.integer({ min: -2, max: 9 }),
      fc.integer(),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ([rows, width, audio, emotion, seed]) => {
        const fields = gaussian([3, rows, width], seed);
        const scales = { shape: [2], data: Float32Array.of(audio / 2, emotion / 2) };
        const { v } = await evaluate(gpu, { fields, scales }, (rec, t) => ({
          v: guidance(rec, t.fields, t.scales),
        }));
        const [u, a, all] = [0, 1, 2].map((n) =>
          fields.data.subarray(n * rows * width, (n + 1) * rows * width),
        );
        expect(v.shape).toEqual([1, rows, width]);
        expectClose('guidance', v.data, guidanceReference(u!, a!, all!, audio / 2, emotion / 2), 4e-7);
      }),
      { numRuns: 30, seed: 1 },
    );
  });
});

const value = fc.float({ min: -8, max: 8, noNaN: true });
const fields = fc.array(fc.tuple(value, value, value), { minLength: 1, maxLength: 20 });
const column = (rows: [number, number, number][], i: 0 | 1 | 2) => Float32Array.from(rows, (row) => row[i]);

describe('guidanceReference', () => {
  it('is all for γ = (1, 1), a for (1, 0) and u for (0, 0)', () => {
    fc.assert(
      fc.property(fields, (rows) => {
        const [u, a, all] = [column(rows, 0), column(rows, 1), column(rows, 2)];
        const near = (v: Float32Array, w: Float32Array) =>
          v.forEach((vi, i) => expect(vi).toBeCloseTo(w[i]!, 5));
        near(guidanceReference(u, a, all, 1, 1), all);
        near(guidanceReference(u, a, all, 1, 0), a);
        expect(guidanceReference(u, a, all, 0, 0)).toEqual(u.map((v) => v + 0));
      }),
      { seed: 3 },
    );
  });

  it('extrapolates beyond both conditions', () => {
    expect([...guidanceReference([1, 0], [2, 0.5], [4, 0.25], 2, 3)]).toEqual([9, 0.25]);
  });

  it('refuses fields of different lengths', () => {
    expect(() => guidanceReference([1], [1, 2], [1], 2, 1)).toThrow(RangeError);
  });

  it('is needed unless both scales are 1', () => {
    expect([needsGuidance(1, 1), needsGuidance(2, 1), needsGuidance(1, 0)]).toEqual([false, true, true]);
  });
});
