import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resample } from '../../src/media/resample.js';
import { createStreamResampler } from '../../src/media/resample-stream.js';
import { gaussian } from '../fixtures.js';

describe('createStreamResampler', () => {
  it('gives what resample gives, however the sound is cut', () => {
    const rate = fc.constantFrom(8000, 11025, 16000, 22050, 44100, 48000, 44099, 8001, 95999);
    const draws = fc.record({
      from: rate,
      to: rate,
      length: fc.integer({ min: 0, max: 3000 }),
      sizes: fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 8 }),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(draws, ({ from, to, length, sizes, seed }) => {
        const sound = gaussian([length], seed).data;
        const resampler = createStreamResampler(from, to);
        const result: number[] = [];
        let at = 0;
        for (const size of [...sizes, length]) {
          result.push(...resampler.push(sound.subarray(at, at + size)));
          at += size;
        }
        result.push(...resampler.end());
        expect(Float32Array.from(result)).toEqual(resample(sound, from, to));
      }),
      { numRuns: 40, seed: 3 },
    );
  });
});
