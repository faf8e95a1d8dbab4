import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attentionProbabilities } from '../../web/src/inside/attention.js';
import { attentionShares, bandOf, reachOf } from '../../web/src/inside/band.js';
import { flowColour, flowPixels, rampPixels, wheelFlow } from '../../web/src/inside/colour-wheel.js';
import { groupByKernel } from '../../web/src/inside/kernel-groups.js';
import { byRange, coefficient, columnOf, extentOf, extremes, niceTicks, number, percent } from '../../web/src/inside/numbers.js'; // prettier-ignore
import { indexAt } from '../../web/src/inside/plot.js';
import { sweepAt } from '../../web/src/inside/sweep.js';
import { gaussian } from '../fixtures.js';

describe('the colour wheel', () => {
  it('has red to the right, then yellow, green, cyan, blue and magenta by the clock', () => {
    const at = (degrees: number) => flowColour(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)); // prettier-ignore
    expect([0, 60, 120, 180, 240, 300].map(at)).toEqual([
      [255, 0, 0],
      [255, 255, 0],
      [0, 255, 0],
      [0, 255, 255],
      [0, 0, 255],
      [255, 0, 255],
    ]);
  });

  it('fades to white at rest and is full beyond its edge', () => {
    expect(flowColour(0, 0)).toEqual([255, 255, 255]);
    expect(flowColour(0.5, 0)).toEqual([255, 128, 128]);
    expect(flowColour(7, 0)).toEqual([255, 0, 0]);
  });

  it('paints from its table what it would paint pixel by pixel', () => {
    const flow = gaussian([40, 2], 3).data;
    const most = Math.max(
      ...Array.from({ length: 40 }, (_, i) => Math.hypot(flow[2 * i]!, flow[2 * i + 1]!)),
    );
    const pixels = flowPixels(flow, most);
    for (let i = 0; i < 40; i++) {
      const colour = flowColour(flow[2 * i]! / most, flow[2 * i + 1]! / most);
      expect(pixels[4 * i + 3]).toBe(255);
      // The table's places are 1/64 of the full length apart: at most 0.7/64 from any, and no channel is steeper than
      // 2·255.
      colour.forEach((value, c) => expect(Math.abs(pixels[4 * i + c]! - value)).toBeLessThanOrEqual(6));
    }
    expect([...flowPixels(new Float32Array(2), 0)]).toEqual([255, 255, 255, 255]);
  });

  it('has a legend that is still outside its circle', () => {
    const flow = wheelFlow(4);
    expect([...flow.subarray(0, 2)]).toEqual([0, 0]);
    expect([...flow.subarray(10, 12)]).toEqual([-0.25, -0.25]);
  });

  it('ramps from one colour to the other', () => {
    const pixels = rampPixels(Float32Array.of(0, 0.5, 1), [10, 20, 30], [20, 40, 0]);
    expect([...pixels]).toEqual([10, 20, 30, 255, 15, 30, 15, 255, 20, 40, 0, 255]);
  });
});

describe('numbers for people', () => {
  it('are short and have minus signs', () => {
    expect([number(-1.2345), number(1234.5), number(-1e-5), number(0.0876)]).toEqual(['−1.23', '1,230', '0', '0.0876']); // prettier-ignore
    expect([coefficient(-0.126), coefficient(-0.004), coefficient(2)]).toEqual(['−0.13', '0.00', '2.00']);
    expect([percent(0), percent(0.003), percent(0.5)]).toEqual(['0%', '<1%', '50%']);
  });

  it('ticks are round, within the range, and about as many as asked for', () => {
    expect(niceTicks(-1.3, 2.9, 4)).toEqual([0, 2]);
    expect(niceTicks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6000000000000001, 0.8, 1]);
    expect(niceTicks(3, 3, 5)).toEqual([3]);
    const range = fc.tuple(
      fc.double({ min: -1e3, max: 1e3, noNaN: true }),
      fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
    );
    fc.assert(
      fc.property(range, fc.integer({ min: 2, max: 10 }), ([from, length], count) => {
        const ticks = niceTicks(from, from + length, count);
        expect(ticks.length).toBeLessThanOrEqual(count + 1);
        expect(ticks.length).toBeGreaterThanOrEqual(Math.floor(count / 2.5));
        for (const tick of ticks) {
          expect(tick).toBeGreaterThanOrEqual(from - 1e-6 * length);
          expect(tick).toBeLessThanOrEqual(from + length * (1 + 1e-6));
        }
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  it('find extents, extremes, columns and the liveliest column', () => {
    expect(extentOf([[1, 2]])).toEqual([-0.1, 2.1]);
    expect(extentOf([])).toEqual([-0.05, 0.05]);
    expect(extremes([1, -2, 5, 5])).toEqual({ least: 1, most: 2 });
    const table = Float32Array.of(0, 1, 5, 0, 4, 5, 1, -4, 5);
    expect([...columnOf(table, 3, 1)]).toEqual([1, 4, -4]);
    expect(byRange(table, 3)).toEqual([1, 0, 2]);
  });
});

describe('attention bands', () => {
  const size = { length: 7, heads: 1, headDim: 3, reach: 2 };
  const [matrix] = attentionProbabilities(gaussian([7, 9], 2).data, size) as [Float32Array];

  it('keep every value of the matrix, one column a frame', () => {
    expect(reachOf(matrix, 7)).toBe(2);
    const band = bandOf(matrix, 7, 2);
    for (let i = 0; i < 7; i++) {
      for (let offset = -2; offset <= 2; offset++) {
        const j = i + offset;
        const expected = j >= 0 && j < 7 ? matrix[i * 7 + j] : 0;
        expect(band[(offset + 2) * 7 + i]).toBe(expected);
      }
    }
  });

  it('have shares that sum to 1, of the rows asked for', () => {
    const { own, earlier, later } = attentionShares(matrix, 7, 3);
    expect(own + earlier + later).toBeCloseTo(1, 6);
    expect(own).toBeCloseTo(
      [3, 4, 5, 6].reduce((sum, i) => sum + matrix[i * 8]! / 4, 0),
      6,
    );
    expect(attentionShares(matrix, 7, 6).later).toBe(0);
  });
});

describe('kernel times', () => {
  it('are summed by kernel, the longest first', () => {
    const launch = (kernel: string, milliseconds: number) => ({ plan: 'field' as const, kernel, label: kernel, milliseconds }); // prettier-ignore
    const groups = groupByKernel([launch('a', 1), launch('b', 5), launch('a', 2)]);
    expect(groups.map(({ kernel, milliseconds, share }) => [kernel, milliseconds, share])).toEqual([
      ['b', 5, 0.625],
      ['a', 3, 0.375],
    ]);
    expect(groups[1]!.launches.map(({ milliseconds }) => milliseconds)).toEqual([2, 1]);
    expect(groupByKernel([launch('a', 0)])[0]!.share).toBe(0);
  });
});

describe('plots and sweeps', () => {
  it('find the value under the pointer', () => {
    const x = [0, 1, 2, 3];
    expect([-50, 44, 300, 588, 900].map((left) => indexAt(left, 600, x))).toEqual([0, 0, 1, 3, 3]);
    expect(indexAt(10, 600, [5])).toBe(0);
  });

  it('sweep within their range, from where they are, once in four seconds', () => {
    for (const from of [-1, 0.3, 3]) {
      expect(sweepAt([-1, 3], from, 0)).toBeCloseTo(from, 12);
      expect(sweepAt([-1, 3], from, 4)).toBeCloseTo(from, 12);
      const values = Array.from({ length: 41 }, (_, i) => sweepAt([-1, 3], from, i / 10));
      expect(Math.min(...values)).toBeGreaterThanOrEqual(-1);
      expect(Math.max(...values)).toBeLessThanOrEqual(3);
      expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan(3.9);
    }
  });
});
