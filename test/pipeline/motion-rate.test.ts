import fc from 'fast-check';
import { expect, it } from 'vitest';
import { joinArrays } from '../../src/base/arrays.js';
import { motionResampler } from '../../src/pipeline/motion-rate.js';

const d = 2;

/** Frame j holds its own time and twice that. */
const clock = (frames: number, fps: number) =>
  Float32Array.from({ length: frames * d }, (_, at) => (Math.floor(at / d) / fps) * (1 + (at % d)));

function resampled(motion: Float32Array, from: number, to: number, lengths: readonly number[]) {
  const resampler = motionResampler(d, from, to);
  const parts: Float32Array[] = [];
  for (let start = 0, k = 0; start < motion.length; k++) {
    const end = Math.min(motion.length, start + lengths[k % lengths.length]! * d);
    parts.push(resampler.push(motion.subarray(start, end)));
    start = end;
  }
  return joinArrays([...parts, resampler.end()]);
}

it('frame i shows the motion at i / fps seconds, the last one to the end, however the windows are cut', () => {
  const rate = fc.integer({ min: 1, max: 120 });
  const lengths = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 150 }), rate, rate, lengths, (frames, from, to, cut) => {
      const out = resampled(clock(frames, from), from, to, cut);
      expect(out.length / d).toBe(Math.ceil((frames * to) / from));
      const wrong = Array.from(out, (x, at) => {
        const time = Math.min(Math.floor(at / d) / to, (frames - 1) / from);
        return Math.abs(x / (1 + (at % d)) - time) / (1 + time);
      });
      expect(Math.max(...wrong)).toBeLessThan(1e-6);
    }),
    { seed: 1, numRuns: 60 },
  );
});

it('at the same rate changes nothing, bit for bit; 25 to 30 and to 50 on a worked example', () => {
  const motion = clock(7, 25);
  expect(resampled(motion, 25, 25, [3])).toEqual(motion);
  const steps = Float32Array.from([0, 0, 6, 60, 12, 120]);
  // i·25/30 = 0, 5/6, 10/6, 15/6; the last frame is repeated.
  expect([...resampled(steps, 25, 30, [1])]).toEqual([0, 0, 5, 50, 10, 100, 12, 120]);
  expect([...resampled(steps, 25, 50, [2])]).toEqual([0, 0, 3, 30, 6, 60, 9, 90, 12, 120, 12, 120]);
});
