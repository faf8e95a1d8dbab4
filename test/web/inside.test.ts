import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attentionReference } from '../../src/ops/attention.js';
import { guidanceReference } from '../../src/ops/guidance.js';
import { attentionProbabilities } from '../../web/src/inside/attention.js';
import { divide, flowInPixels, largest, meanMagnitude } from '../../web/src/inside/fields.js';
import { guidanceTerms } from '../../web/src/inside/window-ode.js';
import { expectClose } from '../compare.js';
import { gaussian } from '../fixtures.js';

describe('attentionProbabilities', () => {
  it('times the values is what the attention’s twin computes', () => {
    const sizes = fc.record({
      length: fc.integer({ min: 1, max: 20 }),
      heads: fc.integer({ min: 1, max: 3 }),
      headDim: fc.integer({ min: 1, max: 9 }),
      reach: fc.integer({ min: 0, max: 25 }),
    });
    fc.assert(
      fc.property(sizes, fc.nat(), (size, seed) => {
        const { length, heads, headDim } = size;
        const width = heads * headDim;
        const qkv = gaussian([length, 3 * width], seed).data;
        const part = (n: number) => qkv.filter((_, i) => Math.floor(i / width) % 3 === n);
        const v = part(2);
        const matrices = attentionProbabilities(qkv, size);
        const y = Float64Array.from({ length: length * width }, (_, at) => {
          const [row, c] = [Math.floor(at / width), at % width];
          const matrix = matrices[Math.floor(c / headDim)]!;
          return v.reduce((sum, value, i) => {
            return i % width === c ? sum + matrix[row * length + Math.floor(i / width)]! * value : sum;
          }, 0);
        });
        expectClose('attention', y, attentionReference(part(0), part(1), v, { batch: 1, ...size }), 1e-6);
      }),
      { numRuns: 30, seed: 1 },
    );
  });
});

describe('flowInPixels', () => {
  it('is where grid_sample reads, minus where it writes', () => {
    // The grid of the pixels' own places, as grid_sample understands it, moved by 3 pixels to the right and 1 up.
    const side = 4;
    const grid = Float32Array.from({ length: side * side * 2 }, (_, at) => {
      const pixel = at >> 1;
      const place = at % 2 === 0 ? (pixel % side) + 3 : Math.floor(pixel / side) - 1;
      return (2 * place + 1) / side - 1;
    });
    const flow = flowInPixels(grid, side);
    flow.forEach((value, at) => expect(value).toBeCloseTo(at % 2 === 0 ? 3 : -1, 5));
  });

  it('of the grid at rest is half a pixel at the borders (Quirk)', () => {
    const flow = flowInPixels(Float32Array.of(-1, -1, 1, -1, -1, 1, 1, 1), 2);
    expect([...flow]).toEqual([-0.5, -0.5, 0.5, -0.5, -0.5, 0.5, 0.5, 0.5]);
  });
});

describe('features', () => {
  it('are averaged over channels without their signs', () => {
    expect([...meanMagnitude(Float32Array.of(1, -2, 3, 4), 2)]).toEqual([2, 3]);
    expect(largest(Float32Array.of(-3, -1))).toBe(-1);
    expect([...divide(Float32Array.of(1, 2), 2)]).toEqual([0.5, 1]);
    expect([...divide(Float32Array.of(0, 0), 0)]).toEqual([0, 0]);
  });
});

describe('guidanceTerms', () => {
  it('are those whose sum is the guided field, without the preceding rows', () => {
    const [preceding, length, d] = [2, 3, 4];
    const out = gaussian([3, preceding + length, d], 1).data;
    const size = out.length / 3;
    const scales = { audio: 2, emotion: 0.5 };
    const fields = [0, 1, 2].map((n) => out.subarray(n * size, (n + 1) * size));
    const own = (all: Float32Array) => all.subarray(preceding * d);
    const v = own(guidanceReference(fields[0]!, fields[1]!, fields[2]!, scales.audio, scales.emotion));
    const norm = (field: Float32Array) => Math.sqrt(field.reduce((sum, x) => sum + x * x, 0) / length);
    const [u, a, all] = fields.map(own) as [Float32Array, Float32Array, Float32Array];
    const terms = guidanceTerms(out, v, scales, { preceding, length, d });
    expect(terms.u).toBeCloseTo(norm(u), 5);
    expect(terms.audio).toBeCloseTo(2 * norm(a.map((x, i) => x - u[i]!)), 5);
    expect(terms.emotion).toBeCloseTo(0.5 * norm(all.map((x, i) => x - a[i]!)), 5);
    expect(terms.v).toBeCloseTo(norm(v), 5);
  });
});
