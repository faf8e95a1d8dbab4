import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combineGuidance, needsGuidance } from '../../src/sampling/guidance.js';

const value = fc.float({ min: -8, max: 8, noNaN: true });
const fields = fc.array(fc.tuple(value, value, value), { minLength: 1, maxLength: 20 });
const column = (rows: [number, number, number][], i: 0 | 1 | 2) => Float32Array.from(rows, (row) => row[i]);

describe('guidance', () => {
  it('is all for γ = (1, 1), a for (1, 0) and u for (0, 0)', () => {
    fc.assert(
      fc.property(fields, (rows) => {
        const [u, a, all] = [column(rows, 0), column(rows, 1), column(rows, 2)];
        const near = (v: Float32Array, w: Float32Array) =>
          v.forEach((vi, i) => expect(vi).toBeCloseTo(w[i]!, 5));
        near(combineGuidance(u, a, all, 1, 1), all);
        near(combineGuidance(u, a, all, 1, 0), a);
        expect(combineGuidance(u, a, all, 0, 0)).toEqual(u.map((v) => v + 0));
      }),
      { seed: 3 },
    );
  });

  it('extrapolates beyond both conditions', () => {
    expect([...combineGuidance([1, 0], [2, 0.5], [4, 0.25], 2, 3)]).toEqual([9, 0.25]);
  });

  it('refuses fields of different lengths', () => {
    expect(() => combineGuidance([1], [1, 2], [1], 2, 1)).toThrow(RangeError);
  });

  it('is needed unless both scales are 1', () => {
    expect([needsGuidance(1, 1), needsGuidance(2, 1), needsGuidance(1, 0)]).toEqual([false, true, true]);
  });
});
