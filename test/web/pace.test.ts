import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canPlay, frameRate, secondsLeft } from '../../web/src/components/pace.js';

const run = fc.record({
  total: fc.integer({ min: 26, max: 2000 }),
  rate: fc.double({ min: 0.5, max: 200, noNaN: true }),
  part: fc.double({ min: 0, max: 1, noNaN: true }),
});

describe('canPlay', () => {
  test('once it says yes, playing never waits for a piece of one second', () => {
    fc.assert(
      fc.property(run, ({ total, rate, part }) => {
        const fps = 25;
        const done = Math.floor(part * total);
        if (!canPlay({ done, total, rate, fps }, Math.floor(done / fps))) return;
        for (let second = 0; second < total / fps; second++) {
          const needed = Math.min(total, fps * (second + 1));
          expect(done + rate * second).toBeGreaterThanOrEqual(needed - 1e-9);
        }
      }),
    );
  });

  test('says yes at the latest when all is drawn', () => {
    expect(canPlay({ done: 100, total: 100, rate: 0.1, fps: 25 }, 0)).toBe(true);
    expect(canPlay({ done: 99, total: 100, rate: 0.1, fps: 25 }, 3)).toBe(false);
  });

  test('starts after the first piece where drawing is faster than playing', () => {
    expect(canPlay({ done: 25, total: 1000, rate: 60, fps: 25 }, 1)).toBe(true);
    expect(canPlay({ done: 25, total: 1000, rate: 60, fps: 25 }, 0.4)).toBe(false);
  });
});

test('the rate is counted from the first frame on', () => {
  expect(frameRate(1, 10, 10)).toBeUndefined();
  expect(frameRate(11, 15, 10)).toBe(2);
  expect(secondsLeft({ done: 11, total: 31, rate: 2, fps: 25 })).toBe(10);
});
