import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { gaussianNoise } from '../../src/sampling/noise.js';
import { sampleMotion, type SampleMotionOptions, type MotionWindow } from '../../src/sampling/windows.js';

const sizes = fc
  .record({ frames: fc.integer({ min: 1, max: 40 }), windowFrames: fc.integer({ min: 1, max: 12 }) })
  .chain(({ frames, windowFrames }) =>
    fc.record({
      frames: fc.constant(frames),
      windowFrames: fc.constant(windowFrames),
      precedingFrames: fc.integer({ min: 0, max: windowFrames }),
      width: fc.integer({ min: 1, max: 5 }),
    }),
  );

type Sizes = { frames: number; windowFrames: number; precedingFrames: number; width: number };

/** v = wa, so the motion of a window is its noise plus its audio features. */
function optionsFor(given: Sizes, seen: MotionWindow[]): SampleMotionOptions & { wa: Float32Array } {
  return {
    ...given,
    solver: 'euler',
    nfe: 2,
    wa: gaussianNoise(1, 0, given.frames * given.width),
    noise: (window) => gaussianNoise(2, window, given.windowFrames * given.width),
    makeField: (window) => {
      seen.push(window);
      return () => Promise.resolve(window.wa);
    },
  };
}

describe('sampleMotion', () => {
  it('cuts the clip into windows, each given the end of the one before', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async (given) => {
        const { frames: T, windowFrames: L, precedingFrames: P, width: d } = given;
        const seen: MotionWindow[] = [];
        const options = optionsFor(given, seen);
        const motion: Float32Array[] = [];
        for await (const window of sampleMotion(options)) motion.push(window);

        expect(motion.map((window) => window.length / d)).toEqual(
          Array.from({ length: Math.ceil(T / L) }, (_, k) => Math.min(L, T - k * L)),
        );
        expect(seen.map((window) => window.index)).toEqual([...motion.keys()]);
        seen.forEach((window, k) => {
          const noise = options.noise(k);
          for (let l = 0; l < L; l++) {
            const source = Math.min(k * L + l, T - 1) * d;
            const wa = options.wa.slice(source, source + d);
            expect(window.wa.slice(l * d, (l + 1) * d)).toEqual(wa);
            if (k * L + l < T) {
              const expected = wa.map((v, c) => v + noise[l * d + c]!);
              expect(motion[k]!.slice(l * d, (l + 1) * d)).toEqual(expected);
            }
          }
          const [before, features] = k === 0 ? [] : [motion[k - 1]!, seen[k - 1]!.wa];
          expect(window.prevX).toEqual(before?.slice((L - P) * d) ?? new Float32Array(P * d));
          expect(window.prevWa).toEqual(features?.slice((L - P) * d) ?? new Float32Array(P * d));
        });
      }),
      { seed: 4 },
    );
  });

  it('waits for a field that takes time to make', async () => {
    const options = optionsFor({ frames: 3, windowFrames: 2, precedingFrames: 1, width: 1 }, []);
    const { makeField } = options;
    const slow = {
      ...options,
      makeField: async (window: MotionWindow) => Promise.resolve(makeField(window)),
    };
    const both: number[][] = [];
    for (const each of [options, slow]) {
      const motion: number[] = [];
      for await (const window of sampleMotion(each)) motion.push(...window);
      both.push(motion);
    }
    expect(both[1]).toEqual(both[0]);
  });

  it('makes the same motion of features in pieces, and takes a piece only when a window needs it', async () => {
    const given = { frames: 23, windowFrames: 5, precedingFrames: 2, width: 3 };
    const { wa, ...options } = optionsFor(given, []);
    const whole: number[] = [];
    for await (const window of sampleMotion({ ...options, wa })) whole.push(...window);
    for (const size of [1, 4, 5, 10, 23]) {
      let taken = 0;
      const pieces = async function* () {
        for (let at = 0; at < 23; at += size) {
          taken = Math.min(23, at + size);
          yield await Promise.resolve(wa.slice(at * 3, taken * 3));
        }
      };
      const motion: number[] = [];
      for await (const window of sampleMotion({ ...options, wa: pieces() })) {
        motion.push(...window);
        expect(taken).toBe(Math.min(23, Math.ceil(motion.length / 3 / size) * size));
      }
      expect(motion).toEqual(whole);
    }
  });

  it('solves a window only when it is asked for', async () => {
    const seen: MotionWindow[] = [];
    const options = optionsFor({ frames: 9, windowFrames: 2, precedingFrames: 1, width: 1 }, seen);
    for await (const window of sampleMotion(options)) {
      expect(window.length).toBe(2);
      break;
    }
    expect(seen.length).toBe(1);
  });

  it.each([
    ['frames', { frames: 0 }],
    ['windowFrames', { windowFrames: 0 }],
    ['width', { width: 1.5 }],
    ['precedingFrames', { precedingFrames: 5 }],
    ['wa', { wa: new Float32Array(7) }],
  ])('refuses sizes that do not fit: %s', async (name, wrong) => {
    const options = optionsFor({ frames: 9, windowFrames: 4, precedingFrames: 2, width: 2 }, []);
    const first = sampleMotion({ ...options, ...wrong }).next();
    await expect(first).rejects.toThrow(InputError);
    await expect(first).rejects.toThrow(`${name}: expected`);
  });

  it('refuses noise of another size', async () => {
    const options = optionsFor({ frames: 9, windowFrames: 4, precedingFrames: 2, width: 2 }, []);
    await expect(sampleMotion({ ...options, noise: () => new Float32Array(7) }).next()).rejects.toThrow(
      'noise: expected 8 values, got 7',
    );
  });
});
