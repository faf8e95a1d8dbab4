import { describe, expect, it } from 'vitest';
import { makeResampler, resample } from '../../src/media/resample.js';
import { toMono } from '../../src/media/sound.js';
import { speechSamples } from '../../src/media/speech.js';

const sine = (frequency: number, rate: number, length: number, phase = 0) =>
  Float32Array.from({ length }, (_, i) => 0.5 * Math.sin((2 * Math.PI * frequency * i) / rate + phase));

/** Amplitude and phase of one frequency in the middle of a signal, by least squares over whole periods of 1 Hz/100. */
function toneIn(signal: Float32Array, frequency: number, rate: number): { amplitude: number; phase: number } {
  const count = rate / 100;
  const start = Math.floor(signal.length / 2 / count) * count - count;
  let re = 0;
  let im = 0;
  for (let i = start; i < start + 2 * count; i++) {
    const angle = (2 * Math.PI * frequency * i) / rate;
    re += (signal[i] as number) * Math.sin(angle);
    im += (signal[i] as number) * Math.cos(angle);
  }
  return { amplitude: Math.hypot(re, im) / count, phase: Math.atan2(im, re) };
}
const decibels = (ratio: number) => 20 * Math.log10(ratio);
const middle = (x: Float32Array) => x.subarray(Math.floor(x.length / 4), Math.floor((3 * x.length) / 4));
const loudest = (x: Float32Array) => x.reduce((most, v) => Math.max(most, Math.abs(v)), 0);

describe('resampling', () => {
  it('leaves a recording at its own rate untouched', () => {
    const x = sine(440, 16000, 100);
    expect(resample(x, 16000, 16000)).toBe(x);
    expect(makeResampler(16000, 16000).range(x, 98, 4)).toEqual(
      Float32Array.of(x[98] as number, x[99] as number, 0, 0),
    );
  });

  it.each([8000, 11025, 22050, 24000, 32000, 44100, 48000, 96000, 44056])(
    'keeps 1 kHz at %d Hz in place, to 0.01 dB and 1e-4 rad',
    (rate) => {
      const y = resample(sine(1000, rate, Math.round(rate / 4)), rate, 16000);
      const { amplitude, phase } = toneIn(y, 1000, 16000);
      expect(Math.abs(decibels(amplitude / 0.5))).toBeLessThan(0.01);
      expect(Math.abs(phase)).toBeLessThan(1e-4);
    },
  );

  it.each([22050, 44100, 48000])('keeps 7 kHz from %d Hz to 0.01 dB', (rate) => {
    const y = resample(sine(7000, rate, rate / 4), rate, 16000);
    expect(Math.abs(decibels(toneIn(y, 7000, 16000).amplitude / 0.5))).toBeLessThan(0.01);
  });

  it.each([
    [44100, 9000],
    [44100, 12345],
    [44100, 20000],
    [48000, 9000],
    [48000, 15999],
  ])('from %d Hz a tone of %d Hz leaves nothing above -100 dB', (rate, frequency) => {
    const y = resample(sine(frequency, rate, rate / 4), rate, 16000);
    expect(decibels(loudest(middle(y)) / 0.5)).toBeLessThan(-100);
  });

  it('adds no image above the old band when going up', () => {
    const y = resample(sine(7000, 16000, 4000), 16000, 48000);
    expect(Math.abs(decibels(toneIn(y, 7000, 48000).amplitude / 0.5))).toBeLessThan(0.01);
    expect(decibels(toneIn(y, 9000, 48000).amplitude / 0.5)).toBeLessThan(-100);
  });

  it('keeps a constant exactly', () => {
    for (const rate of [11025, 44100, 48000]) {
      const y = middle(resample(new Float32Array(rate / 5).fill(0.25), rate, 16000));
      expect(y.every((v) => v === 0.25)).toBe(true);
    }
  });

  it('does not delay an impulse', () => {
    const x = new Float32Array(4800);
    x[2400] = 1;
    const y = resample(x, 48000, 16000);
    expect(y.indexOf(loudest(y))).toBe(800);
    for (let i = 1; i < 200; i++) expect(y[800 - i]).toBeCloseTo(y[800 + i] as number, 12);
  });

  it('has length ceil(n to / from), down to a single sample', () => {
    for (const [n, from, want] of [
      [44100, 44100, 16000],
      [44101, 44100, 16001],
      [1, 48000, 1],
      [3, 48000, 1],
      [4, 48000, 2],
      [0, 48000, 0],
      [5, 8000, 10],
    ] as const)
      expect(resample(new Float32Array(n), from, 16000).length).toBe(want);
  });

  it('gives the same samples in pieces', () => {
    const x = sine(333, 44100, 4410);
    const resampler = makeResampler(44100, 48000);
    const whole = resampler.range(x, 0, resampler.outputLength(x.length));
    const pieces = [0, 1000, 2777].map((start, i, all) =>
      resampler.range(x, start, (all[i + 1] ?? whole.length) - start),
    );
    expect(Float32Array.from(pieces.flatMap((p) => [...p]))).toEqual(whole);
  });

  it('refuses what is no rate', () => {
    expect(() => resample(new Float32Array(4), 0, 16000)).toThrow(RangeError);
    expect(() => resample(new Float32Array(4), 44100.5, 16000)).toThrow(RangeError);
  });
});

describe('speech samples', () => {
  it('are the mean of the channels at 16 kHz', () => {
    const left = Float32Array.of(1, 0, -0.5);
    const right = Float32Array.of(0, 0.5, -0.5);
    expect(toMono({ sampleRate: 16000, channels: [left] })).toBe(left);
    expect([...speechSamples({ sampleRate: 16000, channels: [left, right] })]).toEqual([0.5, 0.25, -0.5]);
    expect(speechSamples({ sampleRate: 48000, channels: [new Float32Array(4801)] }).length).toBe(1601);
    expect(() => toMono({ sampleRate: 16000, channels: [] })).toThrow(RangeError);
  });
});
