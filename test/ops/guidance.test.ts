import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guidance } from '../../src/ops/guidance.js';
import { combineGuidance } from '../../src/sampling/guidance.js';
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
  it('equals combineGuidance for any scales', async () => {
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
        expectClose('guidance', v.data, combineGuidance(u!, a!, all!, audio / 2, emotion / 2), 1e-6);
      }),
      { numRuns: 30, seed: 1 },
    );
  });
});
