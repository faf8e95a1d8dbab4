import { describe, expect, it } from 'vitest';
import type { GoldenInfo } from '../../src/verify/compare.js';
import {
  compareFrames,
  comparePictures,
  judge,
  probeIndex,
  relativeError,
  tensorError,
} from '../../src/verify/compare.js';

const info = (values: Float32Array, kind: GoldenInfo['kind']): GoldenInfo => {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const rms = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
  return { shape: [values.length], mean, rms, absmax: 1, kind, torch_f32_error: 1e-7 };
};
const values = Float32Array.from({ length: 10_000 }, (_, i) => Math.sin(i));
const probe = Float32Array.from({ length: 4096 }, (_, i) => values[probeIndex(i, values.length)]!);

describe('comparing with a golden set', () => {
  it('allows three times PyTorch’s error, and 3e-7 at least; ten times for steps of Adam', () => {
    expect(judge('fmt', 'out', 'computed', 2.9e-6, 1e-6).pass).toBe(true);
    expect(judge('fmt', 'out', 'computed', 3.1e-6, 1e-6).pass).toBe(false);
    expect(judge('fmt', 'mask', 'computed', 2.9e-7, 0)).toMatchObject({ pass: true, allowed: 3 * 1e-7 });
    expect(judge('fmt', 'mask', 'computed', 3.1e-7, 0).pass).toBe(false);
    expect(judge('train_fmt_paper', 'delta1.fmt.t', 'computed', 9.9e-6, 1e-6).pass).toBe(true);
    expect(judge('train_fmt_paper', 'delta1.fmt.t', 'computed', 1.01e-5, 1e-6).pass).toBe(false);
    expect(judge('fmt', 'out', 'computed', Infinity, 1e-6).pass).toBe(false);
  });

  it('states errors in f16, as long as there are no infinities', () => {
    expect(judge('fmt', 'out', 'computed', 1e-2, 1e-6, 'f16')).toMatchObject({
      pass: true,
      allowed: Infinity,
    });
    expect(judge('fmt', 'out', 'computed', Infinity, 1e-6, 'f16').pass).toBe(false);
    expect(judge('fmt', 'in.x', 'given', 1e-2, 1e-6, 'f16').pass).toBe(false);
  });

  it('passes frames of 50 dB', () => {
    const exact = new Uint8Array(10_000).fill(100);
    const off = (count: number) => exact.map((byte, i) => (i < count ? byte + 1 : byte));
    // 50 dB is a mean square of 255² / 10⁵ = 0.65.
    expect(compareFrames('animate', 'frame', off(6500), exact)).toMatchObject({ pass: true });
    expect(compareFrames('animate', 'frame', off(6510), exact)).toMatchObject({ pass: false });
    expect(compareFrames('animate', 'frame', off(100), exact).psnr).toBeCloseTo(68.13, 2);
    expect(compareFrames('animate', 'frame', exact, exact)).toMatchObject({ psnr: Infinity, pass: true });
    expect(compareFrames('animate', 'frame', exact.subarray(1), exact).pass).toBe(false);
  });

  it('counts what is missing or not a number as infinitely wrong', () => {
    expect(relativeError([1, 2], [1, 2])).toBe(0);
    expect(relativeError([0, 0], [0, 0])).toBe(0);
    expect(relativeError([1, NaN], [1, 2])).toBe(Infinity);
    expect(relativeError([1], [1, 2])).toBe(Infinity);
    expect(relativeError([1e-9, 0], [0, 0])).toBe(Infinity);
    expect(tensorError(values.subarray(1), values, info(values, 'full'))).toBe(Infinity);
  });

  it('sees an error of a probe, and by its moments one beside the probe', () => {
    expect(tensorError(values, probe, info(values, 'probe'))).toBeLessThan(1e-6);
    const probed = new Set(Array.from({ length: 4096 }, (_, i) => probeIndex(i, values.length)));
    const wrong = values.slice();
    for (let i = 0; i < wrong.length; i++) if (!probed.has(i)) wrong[i] = wrong[i]! * 1.01;
    expect(tensorError(wrong, probe, info(values, 'probe'))).toBeGreaterThan(1e-3);
  });

  it('passes pictures that differ by one in at most one byte of a thousand', () => {
    const golden = new Uint8Array(3000).fill(100);
    const differing = (count: number, by: number) => golden.map((byte, i) => (i < count ? byte + by : byte));
    expect(comparePictures('decode', 'a.png', differing(3, 1), golden)).toMatchObject({
      pass: true,
      worst: 1,
    });
    expect(comparePictures('decode', 'a.png', differing(4, 1), golden).pass).toBe(false);
    expect(comparePictures('decode', 'a.png', differing(1, 2), golden).pass).toBe(false);
    expect(comparePictures('decode', 'a.png', golden.subarray(3), golden).pass).toBe(false);
  });
});
