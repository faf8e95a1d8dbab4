import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UnaryFunction } from '../../src/ops/elementwise.js';
import {
  activate,
  add,
  addReference,
  gatedResidual,
  gatedResidualReference,
  scale,
  unaryReference,
} from '../../src/ops/elementwise.js';
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

const extent = fc.integer({ min: 1, max: 9 });

describe('add', () => {
  it('adds a tensor of the same shape, of the last axes, or of one row a batch entry', async () => {
    const kinds = fc.constantFrom('same', 'suffix', 'vector', 'perBatch', 'oneBatch');
    await fc.assert(
      fc.asyncProperty(extent, extent, extent, kinds, fc.integer(), async (B, T, C, kind, seed) => {
        const x = gaussian([B, T, C], seed);
        const { shape, repeats, inner } = {
          same: { shape: [B, T, C], repeats: 1, inner: B * T * C },
          suffix: { shape: [T, C], repeats: B, inner: T * C },
          vector: { shape: [C], repeats: B * T, inner: C },
          perBatch: { shape: [B, 1, C], repeats: T, inner: C },
          oneBatch: { shape: [1, T, C], repeats: B, inner: T * C },
        }[kind];
        const z = gaussian(shape, seed + 1);
        const { y } = await evaluate(gpu, { x, z }, (rec, t) => ({ y: add(rec, t.x, t.z) }));
        expectClose(kind, y.data, addReference(x.data, z.data, { repeats, inner }), 1e-7);
      }),
      { numRuns: 30, seed: 1 },
    );
  });

  it('refuses shapes that do not fit', async () => {
    const [x, z] = [gaussian([2, 3, 4], 1), gaussian([3], 2)];
    const run = evaluate(gpu, { x, z }, (rec, t) => ({ y: add(rec, t.x, t.z) }));
    await expect(run).rejects.toThrow('z[3] does not fit x[2,3,4]');
  });
});

describe('gatedResidual', () => {
  it('equals its float64 twin for any columns of a packed tensor', async () => {
    const cases = fc.tuple(extent, extent, extent, extent, fc.integer());
    await fc.assert(
      fc.asyncProperty(cases, async ([B, T, C, offset, seed]) => {
        const width = C + offset + 1;
        const [x, z] = [gaussian([B, T, C], seed), gaussian([B, T, C], seed + 1)];
        const packed = gaussian([B, T, width], seed + 2);
        const { y } = await evaluate(gpu, { x, z, packed }, (rec, t) => ({
          y: gatedResidual(rec, t.x, { packed: t.packed, offset }, t.z),
        }));
        const gate = x.data.map((_, i) => packed.data[Math.floor(i / C) * width + offset + (i % C)]!);
        expectClose('gatedResidual', y.data, gatedResidualReference(x.data, gate, z.data), 1e-7);
      }),
      { numRuns: 30, seed: 1 },
    );
  });
});

describe('activate', () => {
  /** ±2^e for e from −30 to 6.33, the range in which nothing overflows float32. */
  const points = Float32Array.from({ length: 2 * 1817 }, (_, i) => {
    return (i % 2 ? -1 : 1) * 2 ** (-30 + Math.floor(i / 2) / 50);
  });

  it.each(['geluErf', 'geluTanh', 'silu', 'tanh', 'sigmoid', 'leakyRelu'] as UnaryFunction[])(
    '%s is exact to rounding over its whole range',
    async (f) => {
      const x = { shape: [points.length], data: points };
      const { y } = await evaluate(gpu, { x }, (rec, t) => ({ y: activate(rec, t.x, f) }));
      points.forEach((at, i) => {
        const expected = unaryReference(f, at);
        // Rounding the argument alone changes f by x·f′(x) in proportion: far out in a tail, by 100 times itself.
        const step = Math.abs(at) * 1e-4;
        const slope = (unaryReference(f, at + step) - unaryReference(f, at - step)) / (2 * step);
        const allowed = 5e-7 * (Math.abs(expected) + Math.abs(at * slope)) + 1e-35;
        const error = Math.abs(y.data[i]! - expected);
        expect(error, `${f}(${at}) = ${expected}, not ${y.data[i]}`).toBeLessThanOrEqual(allowed);
      });
    },
  );

  it('scales first', async () => {
    const x = gaussian([3, 5], 1);
    const { y, z } = await evaluate(gpu, { x }, (rec, t) => ({
      y: activate(rec, t.x, 'silu', -2),
      z: scale(rec, t.x, 0.25),
    }));
    expectClose(
      'silu(-2x)',
      y.data,
      Array.from(x.data, (v) => unaryReference('silu', -2 * v)),
      2e-7,
    );
    expectClose('x/4', z.data, x.data.map((v) => v / 4), 0); // prettier-ignore
  });
});
