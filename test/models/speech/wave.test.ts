import { describe, expect, it } from 'vitest';
import { wholeSpeech } from '../../../src/media/speech-source.js';
import { weightNormalised } from '../../../src/models/speech/wav2vec2-weights.js';
import { normalisedWave } from '../../../src/models/speech/wave.js';
import { createWaveStatistics } from '../../../src/models/speech/wave-statistics.js';
import { gaussian } from '../../fixtures.js';

function normalised(samples: Float32Array, start = 0, count = samples.length): Float32Array {
  const statistics = createWaveStatistics(10, 5);
  statistics.add(samples);
  return normalisedWave(wholeSpeech(samples), statistics, samples.length)(start, count);
}

describe('normalisedWave', () => {
  it('has zero mean and unit variance, whatever the level and the offset', () => {
    for (const [level, offset] of [
      [0.1, 0],
      [0.7, 0.2],
    ] as const) {
      const samples = gaussian([5000], 1).data.map((x) => level * x + offset);
      const wave = Float64Array.from(normalised(samples));
      const mean = wave.reduce((sum, x) => sum + x, 0) / 5000;
      const variance = wave.reduce((sum, x) => sum + x * x, 0) / 5000;
      expect(Math.abs(mean)).toBeLessThan(1e-8);
      expect(Math.abs(variance - 1)).toBeLessThan(2e-7 / level ** 2);
    }
  });

  it('adds 1e-7 to the variance, so that silence stays silence', () => {
    expect(normalised(new Float32Array(100).fill(0.25))).toEqual(new Float32Array(100));
    const [low, high] = normalised(new Float32Array([-1e-3, 1e-3]));
    expect(high).toBeCloseTo(1e-3 / Math.sqrt(1e-6 + 1e-7), 6);
    expect(low).toBe(-(high ?? 0));
  });

  it('repeats the last sample beyond the end', () => {
    const samples = gaussian([300], 3).data;
    const whole = normalised(samples);
    expect(normalised(samples, 290, 20)).toEqual(
      Float32Array.from({ length: 20 }, (_, i) => whole[Math.min(290 + i, 299)]!),
    );
    expect(normalised(samples, 310, 2)).toEqual(new Float32Array(2).fill(whole[299]!));
  });
});

describe('weightNormalised', () => {
  it('gives each tap the norm g over outputs and inputs', () => {
    const [outputs, inputs, taps] = [4, 3, 5];
    const v = gaussian([outputs, inputs, taps], 1).data;
    const g = gaussian([taps], 2).data;
    const w = weightNormalised(v, g);
    for (let j = 0; j < taps; j++) {
      const ofTap = (values: Float32Array) => values.filter((_, i) => i % taps === j);
      expect(Math.hypot(...ofTap(w))).toBeCloseTo(Math.abs(g[j] ?? 0), 6);
      const ratios = Array.from(ofTap(w), (value, i) => value / (ofTap(v)[i] ?? 0));
      ratios.forEach((ratio) => expect(ratio).toBeCloseTo(ratios[0] ?? 0, 5));
    }
  });
});
