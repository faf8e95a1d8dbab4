import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { householderQ, householderQR } from '../../../src/models/autoencoder/qr.js';
import { openSafetensors } from '../../../src/weights/safetensors.js';
import { syntheticWeights } from '../../../src/weights/synthetic.js';
import { expectClose } from '../../compare.js';
import { goldenBytes, goldenJson } from '../../weights/golden.js';
import { allowedError } from '../../../src/verify/compare.js';

describe('householderQ', () => {
  it.each(['tiny', 'full'])('gives the golden motion directions of %s', async (variant) => {
    const weights = syntheticWeights(goldenJson(`${variant}/weights.json`), 'weights.json');
    const name = 'motion_autoencoder.dec.direction.weight';
    const [rows, cols] = weights.tensors.get(name)!.shape as [number, number];
    const q = householderQ(await weights.read(name), rows, cols);

    const golden = await openSafetensors(goldenBytes(`${variant}/encode.safetensors`));
    const { tensors } = goldenJson(`${variant}/encode.json`) as {
      tensors: Record<string, { torch_f32_error: number }>;
    };
    const allowed = allowedError(tensors['direction.Q']!.torch_f32_error);
    expect(golden.tensors.get('direction.Q')!.shape).toEqual([rows, cols]);
    expectClose('direction.Q', q, await golden.read('direction.Q'), allowed);
  });
});

const matrices = fc.integer({ min: 1, max: 6 }).chain((cols) =>
  fc.integer({ min: cols, max: 12 }).chain((rows) =>
    fc.record({
      rows: fc.constant(rows),
      cols: fc.constant(cols),
      a: fc.array(fc.oneof(fc.constant(0), fc.float({ min: -3, max: 3, noNaN: true })), {
        minLength: rows * cols,
        maxLength: rows * cols,
      }),
    }),
  ),
);

describe('householderQ of a column of zeros', () => {
  it('is −1/√rows in it: 1e-8 is added to all before', () => {
    const q = householderQ(new Float32Array(4), 4, 1);
    expectClose('Q', q, [-0.5, -0.5, -0.5, -0.5], 1e-14);
  });
});

describe('householderQR', () => {
  it('gives orthonormal columns, an upper triangle, and their product the matrix', () => {
    fc.assert(
      fc.property(matrices, ({ rows, cols, a }) => {
        const { q, r } = householderQR(a, rows, cols);
        for (let i = 0; i < cols; i++) {
          for (let j = 0; j < cols; j++) {
            let dot = 0;
            for (let k = 0; k < rows; k++) dot += q[k * cols + i]! * q[k * cols + j]!;
            expect(Math.abs(dot - (i === j ? 1 : 0))).toBeLessThan(1e-12);
            if (j < i) expect(r[i * cols + j]).toBe(0);
          }
        }
        for (let i = 0; i < rows; i++) {
          for (let j = 0; j < cols; j++) {
            let sum = 0;
            for (let k = 0; k < cols; k++) sum += q[i * cols + k]! * r[k * cols + j]!;
            expect(Math.abs(sum - a[i * cols + j]!)).toBeLessThan(1e-12);
          }
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("signs R's first diagonal entry against the matrix's, as LAPACK does", () => {
    fc.assert(
      fc.property(matrices, ({ rows, cols, a }) => {
        const column = Array.from({ length: rows }, (_, i) => a[i * cols]!);
        fc.pre(column.slice(1).some((x) => Math.abs(x) > 1e-100));
        const { r } = householderQR(a, rows, cols);
        expect(Math.sign(r[0]!)).toBe(column[0]! < 0 ? 1 : -1);
        expect(Math.abs(r[0]!)).toBeCloseTo(Math.hypot(...column), 12);
      }),
      { seed: 2, numRuns: 300 },
    );
  });

  it('leaves a column alone that is zero below the diagonal', () => {
    const { q, r } = householderQR([2, 1, 0, 3], 2, 2);
    expect([...q]).toEqual([1, 0, 0, 1]);
    expect([...r]).toEqual([2, 1, 0, 3]);
  });

  it('refuses a wide matrix', () => {
    expect(() => householderQR([1, 2], 1, 2)).toThrow('rows');
  });
});
