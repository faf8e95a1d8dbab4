import { describe, expect, it } from 'vitest';
import { resample } from '../../src/media/resample.js';

/**
 * A linear sweep, known at every time: 0.5 sin(π k t²) is at k·t Hz. It rises to `top` Hz in one second, so that in the
 * reach of the filter (64 periods of 16 kHz to each side) it moves by less than 200 Hz.
 */
const sweepAt = (t: number, top: number) => 0.5 * Math.sin(Math.PI * top * t * t);
const sweep = (rate: number, top: number) =>
  Float32Array.from({ length: rate }, (_, i) => sweepAt(i / rate, top));
const decibels = (ratio: number) => 20 * Math.log10(ratio);

/**
 * Of the part of the sweep between two frequencies, in dB relative to it: the largest difference, and the largest
 * value.
 */
function levels(y: Float32Array, rate: number, top: number, [low, high]: readonly [number, number]) {
  let [difference, value] = [0, 0];
  for (let i = Math.ceil((low / top) * rate); i < Math.min(y.length, (high / top) * rate); i++) {
    difference = Math.max(difference, Math.abs((y[i] as number) - sweepAt(i / rate, top)));
    value = Math.max(value, Math.abs(y[i] as number));
  }
  return { difference: decibels(difference / 0.5), value: decibels(value / 0.5) };
}

describe('a sweep through the resampler', () => {
  it.each([22050, 24000, 32000, 44100, 48000, 96000])(
    'from %d Hz to 16 kHz: below 6.8 kHz it is the sweep itself, from 8.4 kHz on nothing is left',
    (rate) => {
      const top = 0.48 * rate;
      const y = resample(sweep(rate, top), rate, 16000);
      // 100 dB down is 0.0001 dB of ripple and no alias louder than the last bit of 16.
      expect(levels(y, 16000, top, [100, 6800]).difference).toBeLessThan(-100);
      expect(levels(y, 16000, top, [8400, 0.95 * top]).value).toBeLessThan(-120);
    },
  );

  it.each([
    [8000, 16000],
    [11025, 16000],
    [16000, 48000],
    [44100, 48000],
  ])('from %d Hz up to %d Hz: it is the sweep itself, without images', (from, to) => {
    const top = 0.42 * from;
    const y = resample(sweep(from, top), from, to);
    expect(levels(y, to, top, [0.05 * top, 0.95 * top]).difference).toBeLessThan(-100);
  });
});
