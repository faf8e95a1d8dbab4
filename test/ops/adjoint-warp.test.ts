import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { householderQ, householderQR } from '../../src/models/autoencoder/qr.js';
import { directionQr, directionQrAdjointReference } from '../../src/ops/direction-qr.js';
import {
  flowGrid,
  flowGridAdjointReference,
  flowGridReference,
  gridSample,
  gridSampleReference,
  warpBlend,
  warpBlendAdjointReference,
  warpBlendReference,
} from '../../src/ops/flow.js';
import { evaluate } from '../../src/runtime/evaluate.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import { constant } from '../../src/runtime/recorder.js';
import { expectClose } from '../compare.js';
import { gaussian, openTestGpu } from '../fixtures.js';
import { expectGradient, gradients } from './adjoint.js';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openTestGpu();
});
afterAll(() => closeGpu(gpu));

const seeds = fc.integer();
const upTo = (max: number, min = 1) => fc.integer({ min, max });

interface Sizes {
  readonly batch: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly outHeight: number;
  readonly outWidth: number;
}
const sizes = (channels: number, side: number): fc.Arbitrary<Sizes> =>
  fc.record({
    batch: upTo(2),
    channels: upTo(channels),
    height: upTo(side),
    width: upTo(side),
    outHeight: upTo(side),
    outWidth: upTo(side),
  });

/** Pictures, a grid that reaches outside, a mask, what is blended and a gradient. */
function warpInputs({ batch, channels, height, width, outHeight, outWidth }: Sizes, seed: number) {
  return {
    x: gaussian([batch, channels, height, width], seed),
    grid: gaussian([batch, outHeight, outWidth, 2], seed + 1),
    mask: gaussian([batch, outHeight, outWidth], seed + 2),
    h: gaussian([batch, channels, outHeight, outWidth], seed + 3),
    dy: gaussian([batch, channels, outHeight, outWidth], seed + 4),
  };
}

describe('twins of adjoints of the warp', () => {
  it('flowGrid: central differences', () => {
    const [batch, height, width] = [2, 2, 3];
    const o = gaussian([batch, 3, height, width], 1).data;
    const [dGrid, dMask] = [gaussian([batch, 6, 2], 2).data, gaussian([batch, 6], 3).data];
    const both = (v: ArrayLike<number>) => {
      const { grid, mask } = flowGridReference(v, batch, height, width);
      return Float64Array.of(...grid, ...mask);
    };
    const twin = flowGridAdjointReference(o, { grid: dGrid, mask: dMask }, 6);
    expectGradient('do', both, o, Float64Array.of(...dGrid, ...dMask), twin);
  });

  it('warpBlend: central differences', () => {
    fc.assert(
      fc.property(sizes(2, 3), seeds, (size, seed) => {
        const { x, grid, mask, h, dy } = warpInputs(size, seed);
        const twinSize = { ...size, positions: size.outHeight * size.outWidth };
        const given = [x.data, { grid: grid.data, mask: mask.data }, h.data] as const;
        const twin = warpBlendAdjointReference(...given, dy.data, twinSize);
        const f = (part: Record<string, ArrayLike<number>>) => {
          const v = { x: given[0], ...given[1], h: given[2], ...part };
          return warpBlendReference(v.x, v, v.h, twinSize).blended;
        };
        expectGradient('dx', (v) => f({ x: v }), x.data, dy.data, twin.dx);
        expectGradient('dgrid', (v) => f({ grid: v }), grid.data, dy.data, twin.dGrid);
        expectGradient('dmask', (v) => f({ mask: v }), mask.data, dy.data, twin.dMask);
        expectGradient('dh', (v) => f({ h: v }), h.data, dy.data, twin.dh);
      }),
      { numRuns: 25, seed: 1 },
    );
  });

  it('directionQr: central differences', () => {
    fc.assert(
      fc.property(upTo(4), upTo(3, 0), seeds, (cols, more, seed) => {
        const rows = cols + more;
        const a = gaussian([rows, cols], seed).data.map(
          (value, at) => value + (at % (cols + 1) === 0 ? 2 : 0),
        );
        const dq = gaussian([rows, cols], seed + 1).data;
        const { q, r } = householderQR(a.map((value) => value + 1e-8), rows, cols); // prettier-ignore
        const twin = directionQrAdjointReference(q, r, dq, rows, cols);
        expectGradient('dA', (v) => householderQ(v, rows, cols), a, dq, twin);
      }),
      { numRuns: 25, seed: 1 },
    );
  });
});

describe('adjoints of the warp on the GPU', () => {
  it('flowGrid', async () => {
    const o = gaussian([2, 3, 5, 7], 1);
    const [dGrid, dMask] = [gaussian([2, 5, 7, 2], 2), gaussian([2, 5, 7], 3)];
    const zeros = { grid: new Float64Array(140), mask: new Float64Array(70) };
    const ofGrid = await gradients(gpu, { o }, dGrid, (rec, t) => flowGrid(rec, t.o).grid);
    const gridTwin = flowGridAdjointReference(o.data, { ...zeros, grid: dGrid.data }, 35);
    expectClose('do of the grid', ofGrid.o, gridTwin, 5e-7);
    const ofMask = await gradients(gpu, { o }, dMask, (rec, t) => flowGrid(rec, t.o).mask);
    const maskTwin = flowGridAdjointReference(o.data, { ...zeros, mask: dMask.data }, 35);
    expectClose('do of the mask', ofMask.o, maskTwin, 5e-7);
  });

  it('warpBlend over odd shapes, and twice the same bits', async () => {
    await fc.assert(
      fc.asyncProperty(sizes(11, 12), seeds, async (size, seed) => {
        const { dy, ...given } = warpInputs(size, seed);
        const run = () =>
          gradients(
            gpu,
            given,
            dy,
            (rec, t) => warpBlend(rec, t.x, { grid: t.grid, mask: t.mask }, t.h).blended!,
          );
        const ours = await run();
        const { x, grid, mask, h } = given;
        const twin = warpBlendAdjointReference(
          x.data,
          { grid: grid.data, mask: mask.data },
          h.data,
          dy.data,
          { ...size, positions: size.outHeight * size.outWidth },
        );
        expectClose('dx', ours.x, twin.dx, 2e-6);
        expectClose('dgrid', ours.grid, twin.dGrid, 5e-6);
        expectClose('dmask', ours.mask, twin.dMask, 5e-6);
        expectClose('dh', ours.h, twin.dh, 5e-7);
        expect(await run()).toEqual(ours);
      }),
      { numRuns: 12, seed: 1 },
    );
  });

  it('gridSample where all positions read one place, and where none reads any', async () => {
    const [outHeight, outWidth, width] = [24, 30, 9];
    const x = gaussian([1, 3, 4, width], 1);
    const dy = gaussian([1, 3, outHeight, outWidth], 2);
    const fields = [0.1, 5, NaN];
    for (const place of fields) {
      const grid = {
        shape: [1, outHeight, outWidth, 2],
        data: new Float32Array(outHeight * outWidth * 2).fill(place),
      };
      const ours = await gradients(gpu, { x }, dy, (rec, t) => {
        return gridSample(rec, t.x, constant(rec, 'grid', grid.shape, grid.data));
      });
      const size = { batch: 1, channels: 3, height: 4, width, positions: outHeight * outWidth };
      const mask = new Float64Array(size.positions).fill(1);
      if (place === 0.1) {
        const twin = warpBlendAdjointReference(x.data, { grid: grid.data, mask }, undefined, dy.data, size);
        expectClose('dx', ours.x, twin.dx, 5e-6);
        expect(gridSampleReference(x.data, grid.data, size)).toHaveLength(3 * size.positions);
      } else {
        expect(ours.x.every((value) => value === 0)).toBe(true);
      }
    }
  });

  it('directionQr: Q as on the host, and its adjoint', async () => {
    for (const [rows, cols] of [
      [1, 1],
      [5, 5],
      [40, 7],
      [70, 20],
    ] as const) {
      // prettier-ignore
      const a = gaussian([rows, cols], rows);
      const dq = gaussian([rows, cols], rows + 1);
      const made = await evaluate(gpu, { a }, (rec, t) => ({ q: directionQr(rec, t.a) }));
      const { q, r } = householderQR(a.data, rows, cols);
      expectClose('Q', made.q.data, q, 2e-6);
      if (rows === 1) continue;
      const ours = await gradients(gpu, { a }, dq, (rec, t) => directionQr(rec, t.a));
      expectClose('dA', ours.a, directionQrAdjointReference(q, r, dq.data, rows, cols), 2e-5);
    }
  });
});
