import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createWaveStatistics } from '../../../src/models/speech/wave-statistics.js';
import { gaussian } from '../../fixtures.js';
import { expectClose } from '../../compare.js';

/** Mean and covariance of the windows, straight from the definition. */
function windowsOf(x: Float32Array, taps: number, stride: number) {
  const count = Math.floor((x.length - taps) / stride) + 1;
  const starts = Array.from({ length: count }, (_, t) => t * stride);
  const mean = Float64Array.from(
    { length: taps },
    (_, i) => starts.reduce((sum, start) => sum + x[start + i]!, 0) / count,
  );
  const covariance = Float64Array.from({ length: taps * taps }, (_, at) => {
    const [i, j] = [Math.floor(at / taps), at % taps];
    return starts.reduce((sum, s) => sum + (x[s + i]! - mean[i]!) * (x[s + j]! - mean[j]!), 0) / count;
  });
  return { mean, covariance };
}

describe('createWaveStatistics', () => {
  it('equals the definitions, however the samples arrive', () => {
    const draws = fc.record({
      length: fc.oneof(fc.integer({ min: 20, max: 200 }), fc.integer({ min: 4000, max: 9000 })),
      taps: fc.integer({ min: 1, max: 10 }),
      stride: fc.integer({ min: 1, max: 6 }),
      padding: fc.integer({ min: 0, max: 30 }),
      pieces: fc.array(fc.integer({ min: 1, max: 5000 }), { maxLength: 6 }),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(draws, ({ length, taps, stride, padding, pieces, seed }) => {
        const samples = gaussian([length], seed).data.map((x) => 0.1 * x + 0.3);
        const statistics = createWaveStatistics(taps, stride);
        let at = 0;
        for (const piece of [...pieces, length]) {
          statistics.add(samples.subarray(at, at + piece));
          at += piece;
        }
        expect(statistics.count).toBe(length);
        const mean = samples.reduce((sum, x) => sum + x, 0) / length;
        const variance = samples.reduce((sum, x) => sum + (x - mean) ** 2, 0) / length;
        expect(statistics.wave().mean).toBeCloseTo(mean, 13);
        expect(statistics.wave().deviation).toBeCloseTo(Math.sqrt(variance + 1e-7), 13);
        const padded = new Float32Array(length + padding).fill(samples.at(-1) ?? 0);
        padded.set(samples);
        const expected = windowsOf(padded, taps, stride);
        const windows = statistics.windows(padding);
        expectClose('mean', windows.mean, expected.mean, 1e-14);
        expectClose('covariance', windows.covariance, expected.covariance, 1e-13);
      }),
      { numRuns: 40, seed: 1 },
    );
  });

  it('keeps what it knows when it is asked about padding', () => {
    const statistics = createWaveStatistics(3, 2);
    statistics.add(Float32Array.of(1, 2, 4, 8, 16));
    const before = statistics.windows(0);
    statistics.windows(100);
    expect(statistics.windows(0)).toEqual(before);
  });

  it('refuses what is no sound', () => {
    expect(() => createWaveStatistics(10, 5).wave()).toThrow('at least one sample');
    expect(() => createWaveStatistics(10, 5).add(Float32Array.of(0, NaN))).toThrow('finite');
  });
});
