import { describe, expect, it } from 'vitest';
import { interpolatedTaps, keptTaps } from '../../src/media/phase-taps.js';
import { makeResampler, resample } from '../../src/media/resample.js';
import { gaussian } from '../fixtures.js';

describe('interpolated taps', () => {
  it.each([
    [44_099, 16_000],
    [11_025, 16_000],
    [12_345, 16_000],
    [22_051, 48_000],
    [95_999, 16_000],
    [191_999, 16_000],
    [8_001, 48_000],
    [1_001, 16_000],
    [767_999, 16_000],
  ])('from %d to %d Hz are the exact ones to −150 dB', (from, to) => {
    const exact = keptTaps(from, to, to);
    const interpolated = interpolatedTaps(from, to, to);
    expect(interpolated.taps).toBe(exact.taps);
    let worst = 0;
    for (const phase of [0, 1, 2, 77, 1000, 7919, Math.floor(to / 2), to - 2, to - 1]) {
      // The sum of |differences|: the worst that any sound within ±1 could make of them.
      let sum = 0;
      const unit = new Float32Array(1).fill(1);
      for (let k = 0; k < exact.taps; k++) {
        const tap = (taps: typeof exact) => taps.sum(phase, unit, -k, k, k + 1);
        sum += Math.abs(tap(interpolated) - tap(exact));
      }
      worst = Math.max(worst, sum);
    }
    expect(20 * Math.log10(worst)).toBeLessThan(-150);
  });

  it.each([44_099, 12_345, 95_999])('from %d Hz make of noise what the exact filter makes of it', (from) => {
    const noise = gaussian([2000], 5).data;
    const got = resample(noise, from, 16_000);
    const { reach, taps, sum } = keptTaps(from, 16_000, 16_000);
    let worst = 0;
    got.forEach((value, m) => {
      const phase = (m * from) % 16_000;
      const first = (m * from - phase) / 16_000 - reach + 1;
      const exact = sum(phase, noise, first, Math.max(0, -first), Math.min(taps, noise.length - first));
      worst = Math.max(worst, Math.abs(value - exact));
    });
    // Half a step of float32 at 2 is 1.2e-7.
    expect(worst).toBeLessThan(2e-7);
  });

  it('need few rows: an hour at 44,099 Hz computes no more sines than a second', () => {
    const sines = Math.sin;
    let count = 0;
    Math.sin = (x) => (count++, sines(x));
    try {
      const resampler = makeResampler(44_099, 16_000);
      resampler.range(new Float32Array(44_099), 0, 16_000);
      const once = count;
      resampler.range(new Float32Array(44_099), 0, 16_000);
      expect(count).toBe(once);
      expect(once).toBeLessThan(100_000);
    } finally {
      Math.sin = sines;
    }
  });

  it('keep a constant', () => {
    const y = resample(new Float32Array(8000).fill(0.25), 44_099, 16_000).subarray(300, 2500);
    expect(y.every((value) => value === 0.25)).toBe(true);
  });
});
