import { describe, expect, it } from 'vitest';
import { toMono, type Sound } from '../../src/media/sound.js';
import { maskSpeakers, monoGains, vorbisSpeakers } from '../../src/media/speakers.js';

const half = Math.SQRT1_2 / 2;
const near = (gains: readonly number[]) => gains.map((gain) => expect.closeTo(gain, 12) as number);

describe('channels mixed to mono', () => {
  it.each([
    ['3.0', 3, [0.5, 0.5, Math.SQRT1_2]],
    ['quad', 4, [0.5, 0.5, half, half]],
    ['5.0', 5, [0.5, 0.5, Math.SQRT1_2, half, half]],
    ['5.1', 6, [0.5, 0.5, Math.SQRT1_2, 0, half, half]],
    ['6.1', 7, [0.5, 0.5, Math.SQRT1_2, 0, 0.5, half, half]],
    ['7.1', 8, [0.5, 0.5, Math.SQRT1_2, 0, half, half, half, half]],
  ])('%s by the coefficients of BS.775', (_, channels, gains) => {
    expect(monoGains(channels, undefined)).toEqual(near(gains));
  });

  it('stereo by the mean, and so many that no layout is known', () => {
    expect(monoGains(2, undefined)).toEqual([0.5, 0.5]);
    expect(monoGains(10, undefined)).toEqual(Array(10).fill(0.1));
  });

  it('by a channel mask: 5.1 with the surrounds at the sides, 2.1, 4.0 with one behind', () => {
    expect(maskSpeakers(0x60f, 6)).toEqual(['FL', 'FR', 'FC', 'LFE', 'SL', 'SR']);
    expect(monoGains(3, maskSpeakers(0x0b, 3))).toEqual([0.5, 0.5, 0]);
    expect(monoGains(4, maskSpeakers(0x107, 4))).toEqual(near([0.5, 0.5, Math.SQRT1_2, 0.5]));
    expect(maskSpeakers(0, 6)).toBeUndefined();
    expect(maskSpeakers(3, 6)).toBeUndefined();
  });

  it('by the order of Vorbis and Opus: the centre second, the LFE last', () => {
    expect(monoGains(6, vorbisSpeakers(6))).toEqual(near([0.5, Math.SQRT1_2, 0.5, half, half, 0]));
    expect(vorbisSpeakers(9)).toBeUndefined();
  });

  it('a voice in the centre of 5.1 is 3 dB down, one in the LFE is gone', () => {
    const voice = Float32Array.of(0.5, -0.25);
    const sound = (at: number): Sound => ({
      sampleRate: 16_000,
      channels: Array.from({ length: 6 }, (_, c) => (c === at ? voice : new Float32Array(2))),
    });

    expect(toMono(sound(2))[0]).toBeCloseTo(0.35355, 5);
    expect([...toMono(sound(3))]).toEqual([0, 0]);
  });

  it('is scaled down as a whole only where it goes beyond ±1', () => {
    const loud = { sampleRate: 16_000, channels: Array.from({ length: 6 }, () => Float32Array.of(1, 0.5)) };
    expect([...toMono(loud)]).toEqual([1, 0.5]);
    const quiet = { sampleRate: 16_000, channels: Array.from({ length: 6 }, () => Float32Array.of(0.25)) };
    expect(toMono(quiet)[0]).toBeCloseTo(0.25 * (1 + 2 * Math.SQRT1_2), 6);
    expect(() => toMono({ ...quiet, speakers: ['FL', 'FR'] })).toThrow(RangeError);
  });
});
