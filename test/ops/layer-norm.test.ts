import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { layerNorm, layerNormReference } from '../../src/ops/layer-norm.js';
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

/** Columns offset … offset + width − 1 of each row. */
function columns(packed: Float32Array, packedWidth: number, offset: number, width: number): Float32Array {
  const rows = packed.length / packedWidth;
  return Float32Array.from({ length: rows * width }, (_, i) => {
    return packed[Math.floor(i / width) * packedWidth + offset + (i % width)]!;
  });
}

describe.each(['workgroup', 'invocation'] as const)('layerNorm, a row by %s', (row) => {
  beforeEach(() => {
    gpu.tuning = { ...gpu.tuning, row };
  });

  it('equals its float64 twin: affine or not, modulated by packed columns or not, both layouts', async () => {
    const cases = fc.record({
      outer: fc.integer({ min: 1, max: 4 }),
      inner: fc.integer({ min: 1, max: 5 }),
      channels: fc.oneof(
        fc.integer({ min: 2, max: 40 }),
        fc.integer({ min: 30, max: 75 }).map((n) => 4 * n),
      ),
      overChannels: fc.boolean(),
      affine: fc.boolean(),
      modulated: fc.boolean(),
      activation: fc.constantFrom('none', 'geluErf', 'silu'),
      seed: fc.integer(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async (c) => {
        const { outer, inner, channels, overChannels, affine, modulated, activation, seed } = c;
        const shape = overChannels ? [outer, channels, inner] : [outer, inner, channels];
        const x = gaussian(shape, seed);
        const w = gaussian([channels], seed + 2);
        const b = gaussian([channels], seed + 3);
        const width = 3 * channels + 4;
        const packed = gaussian([outer, inner, width], seed + 4);
        const eps = 1e-5;
        const { y } = await evaluate(gpu, { x, w, b, packed }, (rec, t) => ({
          y: layerNorm(rec, t.x, {
            eps,
            activation,
            axis: overChannels ? 'channels' : 'last',
            ...(affine && { weight: t.w, bias: t.b }),
            ...(modulated && {
              shift: { packed: t.packed, offset: 4 },
              scale: { packed: t.packed, offset: 4 + 2 * channels },
            }),
          }),
        }));
        const size = overChannels
          ? { outer, channels, inner, eps }
          : { outer: outer * inner, channels, inner: 1, eps };
        const expected = layerNormReference(x.data, size, {
          activation,
          ...(affine && { weight: w.data, bias: b.data }),
          ...(modulated && {
            shift: columns(packed.data, width, 4, channels),
            scale: columns(packed.data, width, 4 + 2 * channels, channels),
          }),
        });
        expectClose('layerNorm', y.data, expected, 6e-7);
      }),
      { numRuns: 40, seed: 1 },
    );
  });

  it('keeps the variance of values far from zero', async () => {
    const x = gaussian([3, 200], 7);
    x.data.forEach((v, i) => (x.data[i] = 1000 + v));
    const { y } = await evaluate(gpu, { x }, (rec, t) => ({ y: layerNorm(rec, t.x, { eps: 1e-6 }) }));
    const expected = layerNormReference(x.data, { outer: 3, channels: 200, inner: 1, eps: 1e-6 });
    // The rounded mean alone would err by 1000·2⁻²⁴, 6e-5 of the deviation; the kernel takes off what is left.
    expectClose('layerNorm', y.data, expected, 6e-7);
  });

  it('refuses columns that the packed tensor has not', async () => {
    const x = gaussian([2, 3, 4], 1);
    const packed = gaussian([2, 3, 8], 2);
    const run = evaluate(gpu, { x, packed }, (rec, t) => ({
      y: layerNorm(rec, t.x, {
        eps: 1e-6,
        scale: { packed: t.packed, offset: 5 },
        shift: { packed: t.packed, offset: 0 },
      }),
    }));
    await expect(run).rejects.toThrow('packed has 8 columns, not 4 from 5');
  });
});
