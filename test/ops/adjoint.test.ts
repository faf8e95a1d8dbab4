import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attention, attentionAdjointReference, attentionReference } from '../../src/ops/attention.js';
import type { UnaryFunction } from '../../src/ops/elementwise.js';
import {
  activate,
  add,
  gatedResidual,
  gatedResidualAdjointReference,
  gatedResidualReference,
  slopeReference,
  unaryReference,
} from '../../src/ops/elementwise.js';
import { joinColumns, joinColumnsReference } from '../../src/ops/join-columns.js';
import { layerNorm, layerNormAdjointReference, layerNormReference } from '../../src/ops/layer-norm.js';
import { linear, linearAdjointReference, linearReference } from '../../src/ops/linear.js';
import { scaleRows, scaleRowsReference } from '../../src/ops/scale-rows.js';
import { sumRowsReference } from '../../src/ops/sum-rows.js';
import { transpose, transposeReference } from '../../src/ops/transpose.js';
import { evaluate } from '../../src/runtime/evaluate.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import { constant } from '../../src/runtime/recorder.js';
import { checkpoint } from '../../src/runtime/tape.js';
import { expectClose } from '../compare.js';
import { gaussian, openTestGpu, products, useProduct } from '../fixtures.js';
import { differences, expectGradient, gradients } from './adjoint.js';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openTestGpu();
});
afterAll(() => closeGpu(gpu));

const small = fc.integer({ min: 1, max: 5 });
const seeds = fc.integer();

/** Columns offset … offset + width − 1 of each row. */
function columnsOf(data: Float32Array, packedWidth: number, offset: number, width: number): Float32Array {
  return data.filter((_, at) => at % packedWidth >= offset && at % packedWidth < offset + width);
}

describe('transpose', () => {
  it('swaps the last two axes of any shape', async () => {
    const extent = fc.integer({ min: 1, max: 40 });
    await fc.assert(
      fc.asyncProperty(small, extent, extent, seeds, async (batch, rows, columns, seed) => {
        const x = gaussian([batch, rows, columns], seed);
        const { y } = await evaluate(gpu, { x }, (rec, t) => ({ y: transpose(rec, t.x) }));
        expect(y.shape).toEqual([batch, columns, rows]);
        expectClose('transpose', y.data, transposeReference(x.data, rows, columns), 0);
      }),
      { numRuns: 20, seed: 1 },
    );
  });
});

describe.each(products)('the adjoint of linear, product %s', (product) => {
  it('equals its twin over odd shapes', async (context) => {
    useProduct(gpu, product, context);
    const extent = fc.integer({ min: 1, max: 70 });
    await fc.assert(
      fc.asyncProperty(extent, extent, extent, seeds, async (rows, inputs, outputs, seed) => {
        const [x, weight] = [gaussian([rows, inputs], seed), gaussian([outputs, inputs], seed + 1)];
        const [bias, dy] = [gaussian([outputs], seed + 2), gaussian([rows, outputs], seed + 3)];
        const ours = await gradients(gpu, { x, weight, bias }, dy, (rec, t) =>
          linear(rec, t.x, t.weight, { bias: t.bias }),
        );
        const twin = linearAdjointReference(x.data, weight.data, dy.data, { rows, inputs, outputs });
        expectClose('dx', ours.x, twin.dx, 3e-7);
        expectClose('dW', ours.weight, twin.dWeight, 3e-7);
        expectClose('db', ours.bias, twin.dBias, 4e-7);
      }),
      { numRuns: 20, seed: 1 },
    );
  });

  it('goes through activation, gate and residual', async (context) => {
    useProduct(gpu, product, context);
    const [rows, inputs, width] = [9, 12, 8];
    const size = { rows, inputs, outputs: width };
    const [x, weight, packed] = [
      gaussian([rows, inputs], 1),
      gaussian([width, inputs], 2),
      gaussian([rows, width], 3),
    ];
    const [residual, dy] = [gaussian([rows, width], 4), gaussian([rows, width], 5)];
    const ours = await gradients(gpu, { x, weight, packed, residual }, dy, (rec, t) =>
      linear(rec, t.x, t.weight, {
        activation: 'geluTanh',
        gate: { packed: t.packed, offset: 0 },
        residual: t.residual,
      }),
    );
    const f = (xs: ArrayLike<number>, ws: ArrayLike<number>, gate: ArrayLike<number>) =>
      linearReference(xs, ws, undefined, size, 'geluTanh', { gate, residual: residual.data });
    const check = (
      name: string,
      given: Float32Array,
      gradient: Float32Array,
      g: (v: Float64Array) => Float64Array,
    ) => {
      expect(gradient).toHaveLength(given.length);
      const exact = differences(g, given, dy.data);
      expectClose(name, gradient, exact, 4e-7);
    };
    check('dx', x.data, ours.x, (v) => f(v, weight.data, packed.data));
    check('dW', weight.data, ours.weight, (v) => f(x.data, v, packed.data));
    check('dgate', packed.data, ours.packed, (v) => f(x.data, weight.data, v));
    expectClose('dresidual', ours.residual, dy.data, 0);
  });
});

describe('twins of adjoints', () => {
  it('linear: central differences', () => {
    fc.assert(
      fc.property(small, small, small, seeds, (rows, inputs, outputs, seed) => {
        const size = { rows, inputs, outputs };
        const [x, w, b] = [[rows, inputs], [outputs, inputs], [outputs]].map(
          (shape, i) => gaussian(shape, seed + i).data,
        );
        const dy = gaussian([rows, outputs], seed + 3).data;
        const twin = linearAdjointReference(x!, w!, dy, size);
        expectGradient('dx', (v) => linearReference(v, w!, b, size), x!, dy, twin.dx);
        expectGradient('dW', (v) => linearReference(x!, v, b, size), w!, dy, twin.dWeight);
        expectGradient('db', (v) => linearReference(x!, w!, v, size), b!, dy, twin.dBias);
      }),
      { numRuns: 20, seed: 1 },
    );
  });

  it('layerNorm, with weight or with modulation: central differences', () => {
    fc.assert(
      fc.property(
        small,
        fc.integer({ min: 2, max: 6 }),
        fc.boolean(),
        seeds,
        (rows, channels, modulated, seed) => {
          const size = { rows, channels, eps: 1e-3 };
          const forward = { outer: rows, channels, inner: 1, eps: 1e-3 };
          const [x, dy, scale, shift] = [0, 1, 2, 3].map((i) => gaussian([rows, channels], seed + i).data);
          const [weight, bias] = [4, 5].map((i) => gaussian([channels], seed + i).data);
          if (modulated) {
            const twin = layerNormAdjointReference(x!, dy!, size, { scale: scale! });
            expectGradient('dx', (v) => layerNormReference(v, forward, { scale, shift }), x!, dy!, twin.dx);
            expectGradient(
              'dscale',
              (v) => layerNormReference(x!, forward, { scale: v, shift }),
              scale!,
              dy!,
              twin.dScale,
            );
            expectGradient(
              'dshift',
              (v) => layerNormReference(x!, forward, { scale, shift: v }),
              shift!,
              dy!,
              twin.dShift,
            );
          } else {
            const twin = layerNormAdjointReference(x!, dy!, size, { weight: weight! });
            const sum = (v: Float64Array) => sumRowsReference(v, { outer: 1, rows, inner: channels });
            expectGradient('dx', (v) => layerNormReference(v, forward, { weight, bias }), x!, dy!, twin.dx);
            expectGradient(
              'dw',
              (v) => layerNormReference(x!, forward, { weight: v, bias }),
              weight!,
              dy!,
              sum(twin.dScale),
            );
            expectGradient(
              'db',
              (v) => layerNormReference(x!, forward, { weight, bias: v }),
              bias!,
              dy!,
              sum(twin.dShift),
            );
          }
        },
      ),
      { numRuns: 20, seed: 1 },
    );
  });

  it('attention, banded and full: central differences', () => {
    const bands = fc.constantFrom(undefined, 0, 1, 2);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 }),
        small,
        small,
        bands,
        seeds,
        (heads, length, headDim, reach, seed) => {
          const size = { batch: 2, length, heads, headDim, ...(reach !== undefined && { reach }) };
          const shape = [2, length, heads * headDim];
          const [q, k, v, dy] = [0, 1, 2, 3].map((i) => gaussian(shape, seed + i).data);
          const twin = attentionAdjointReference(q!, k!, v!, dy!, size);
          expectGradient('dq', (z) => attentionReference(z, k!, v!, size), q!, dy!, twin.dq);
          expectGradient('dk', (z) => attentionReference(q!, z, v!, size), k!, dy!, twin.dk);
          expectGradient('dv', (z) => attentionReference(q!, k!, z, size), v!, dy!, twin.dv);
        },
      ),
      { numRuns: 15, seed: 1 },
    );
  });

  it('gatedResidual: central differences', () => {
    const [gate, z, dy] = [1, 2, 3].map((seed) => gaussian([12], seed).data);
    const twin = gatedResidualAdjointReference(gate!, z!, dy!);
    const zero = new Float64Array(12);
    expectGradient('dz', (v) => gatedResidualReference(zero, gate!, v), z!, dy!, twin.dz);
    expectGradient('dgate', (v) => gatedResidualReference(zero, v, z!), gate!, dy!, twin.dGate);
  });

  it.each(['none', 'geluErf', 'geluTanh', 'silu', 'tanh', 'sigmoid', 'leakyRelu', 'relu'] as UnaryFunction[])(
    '%s′: central differences',
    (f) => {
      const x = Float64Array.from({ length: 200 }, (_, i) => (i - 99.5) / 13);
      const dy = new Float64Array(200).fill(1);
      const slopes = x.map((v) => slopeReference(f, v));
      expectGradient(f, (v) => v.map((each) => unaryReference(f, each)), x, dy, slopes);
    },
  );
});

describe('adjoints on the GPU', () => {
  it.each(['none', 'geluErf', 'geluTanh', 'silu', 'tanh', 'sigmoid', 'leakyRelu', 'relu'] as UnaryFunction[])(
    '%s, scaled',
    async (f) => {
      const x = { shape: [4001], data: Float32Array.from({ length: 4001 }, (_, i) => (i - 2000) / 80) };
      const dy = gaussian([4001], 2);
      const ours = await gradients(gpu, { x }, dy, (rec, t) => activate(rec, t.x, f, -0.5));
      const twin = x.data.map((v, i) => -0.5 * slopeReference(f, -0.5 * v) * dy.data[i]!);
      expectClose(f, ours.x, twin, 3e-7);
    },
  );

  it('layerNorm, with weight or with modulation', async () => {
    const rowCount = fc.integer({ min: 1, max: 12 });
    // Of few channels dx is the small rest of what cancels.
    const extent = fc.integer({ min: 8, max: 70 });
    await fc.assert(
      fc.asyncProperty(rowCount, extent, fc.boolean(), seeds, async (rows, channels, modulated, seed) => {
        const size = { rows, channels, eps: 1e-5 };
        const [x, dy] = [gaussian([rows, channels], seed), gaussian([rows, channels], seed + 1)];
        if (modulated) {
          const packed = gaussian([rows, 2 * channels], seed + 2);
          const ours = await gradients(gpu, { x, packed }, dy, (rec, t) =>
            layerNorm(rec, t.x, {
              eps: 1e-5,
              shift: { packed: t.packed, offset: 0 },
              scale: { packed: t.packed, offset: channels },
            }),
          );
          const scale = columnsOf(packed.data, 2 * channels, channels, channels);
          const twin = layerNormAdjointReference(x.data, dy.data, size, { scale });
          expectClose('dx', ours.x, twin.dx, 3e-7);
          expectClose('dshift', columnsOf(ours.packed, 2 * channels, 0, channels), dy.data, 0);
          expectClose('dscale', columnsOf(ours.packed, 2 * channels, channels, channels), twin.dScale, 3e-7);
        } else {
          const [weight, bias] = [gaussian([channels], seed + 2), gaussian([channels], seed + 3)];
          const ours = await gradients(gpu, { x, weight, bias }, dy, (rec, t) =>
            layerNorm(rec, t.x, { eps: 1e-5, weight: t.weight, bias: t.bias }),
          );
          const twin = layerNormAdjointReference(x.data, dy.data, size, { weight: weight.data });
          const sum = (v: Float64Array) => sumRowsReference(v, { outer: 1, rows, inner: channels });
          expectClose('dx', ours.x, twin.dx, 3e-7);
          expectClose('dw', ours.weight, sum(twin.dScale), 3e-7);
          expectClose('db', ours.bias, sum(twin.dShift), 3e-7);
        }
      }),
      { numRuns: 20, seed: 1 },
    );
  });

  it('attention over packed q, k, v, banded and full', async () => {
    const extents = fc.tuple(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 3 }),
    );
    const bands = fc.constantFrom(undefined, 0, 2, 5);
    await fc.assert(
      fc.asyncProperty(
        extents,
        fc.integer({ min: 1, max: 20 }),
        bands,
        seeds,
        async ([batch, length, heads], headDim, reach, seed) => {
          const width = heads * headDim;
          const qkv = gaussian([batch, length, 3 * width], seed);
          const dy = gaussian([batch, length, width], seed + 1);
          const options = { heads, ...(reach !== undefined && { reach }) };
          const ours = await gradients(gpu, { qkv }, dy, (rec, t) => attention(rec, { qkv: t.qkv }, options));
          const [q, k, v] = [0, 1, 2].map((i) => columnsOf(qkv.data, 3 * width, i * width, width));
          const size = { batch, length, headDim, ...options };
          const twin = attentionAdjointReference(q!, k!, v!, dy.data, size);
          const got = (i: number) => columnsOf(ours.qkv, 3 * width, i * width, width);
          // With one key p is 1 whatever q and k: their gradients are exactly zero, and ours are rounding.
          if (length > 1 && reach !== 0) {
            expectClose('dq', got(0), twin.dq, 6e-7);
            expectClose('dk', got(1), twin.dk, 6e-7);
          }
          expectClose('dv', got(2), twin.dv, 5e-7);
        },
      ),
      { numRuns: 20, seed: 1 },
    );
  });

  it('add, of one shape and repeated; a tensor read twice gets both gradients', async () => {
    const [x, z, dy] = [gaussian([2, 5, 3], 1), gaussian([3], 2), gaussian([2, 5, 3], 3)];
    const ours = await gradients(gpu, { x, z }, dy, (rec, t) => add(rec, add(rec, t.x, t.z), t.x));
    expectClose('dx', ours.x, dy.data.map((d) => 2 * d), 0); // prettier-ignore
    expectClose('dz', ours.z, sumRowsReference(dy.data, { outer: 1, rows: 10, inner: 3 }), 3e-7);
  });

  it('gatedResidual', async () => {
    const [x, z, packed, dy] = [1, 2, 3, 4].map((seed) => gaussian([7, 6], seed));
    const ours = await gradients(gpu, { x: x!, z: z!, packed: packed! }, dy!, (rec, t) =>
      gatedResidual(rec, t.x, { packed: t.packed, offset: 0 }, t.z),
    );
    const twin = gatedResidualAdjointReference(packed!.data, z!.data, dy!.data);
    expectClose('dx', ours.x, dy!.data, 0);
    expectClose('dz', ours.z, twin.dz, 1e-7);
    expectClose('dgate', ours.packed, twin.dGate, 1e-7);
  });

  it('joinColumns and scaleRows', async () => {
    const [a, b, dy] = [gaussian([4, 3], 1), gaussian([4, 5], 2), gaussian([4, 8], 3)];
    const keep = { shape: [4], data: Float32Array.of(1, 0, 1, 0.5) };
    const forward = await evaluate(gpu, { a, b, keep }, (rec, t) => ({
      y: scaleRows(rec, joinColumns(rec, [t.a, t.b]), t.keep),
    }));
    const joined = joinColumnsReference([a.data, b.data], 4);
    expectClose('y', forward.y.data, scaleRowsReference(joined, keep.data), 1e-7);
    const ours = await gradients(gpu, { a, b }, dy, (rec, t) => {
      const rows = constant(rec, 'keep', [4], keep.data);
      return scaleRows(rec, joinColumns(rec, [t.a, t.b]), rows);
    });
    const back = Float32Array.from(scaleRowsReference(dy.data, keep.data));
    expectClose('da', ours.a, columnsOf(back, 8, 0, 3), 1e-7);
    expectClose('db', ours.b, columnsOf(back, 8, 3, 5), 1e-7);
  });

  it('a checkpoint gives the same gradients, made again', async () => {
    const [x, w, dy] = [gaussian([6, 8], 1), gaussian([8, 8], 2), gaussian([6, 8], 3)];
    const twice = (again: boolean) =>
      gradients(gpu, { x, w }, dy, (rec, t) => {
        const layer = (r: typeof rec, h: typeof t.x) => linear(r, h, t.w, { activation: 'silu' });
        const h = again ? checkpoint(rec, t.x, layer) : layer(rec, t.x);
        return linear(rec, h, t.w);
      });
    const [plain, again] = [await twice(false), await twice(true)];
    expect(again.x).toEqual(plain.x);
    expectClose('dW', again.w, plain.w, 1e-7);
  });
});
