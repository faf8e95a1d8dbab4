import { describe, expect, it } from 'vitest';
import { ddim } from '../../src/sampling/ddim.js';
import { alphaBars } from '../../src/sampling/diffusion.js';

const motion = Float32Array.of(0.5, -1.25, 2);
const noise = Float32Array.of(0.3, 0.7, -0.4);

describe('ddim', () => {
  // Where x is exactly √ᾱ·w + √(1 − ᾱ)·e at every step, so are both predictions, and the last x is w.
  it.each(['epsilon', 'sample'] as const)(
    'ends at the motion that a perfect prediction of %s means',
    async (prediction) => {
      const seen: number[] = [];
      const bars = alphaBars();
      const result = await ddim(
        (s, x) => {
          seen.push(s);
          const a = bars[s]!;
          const e = x.map((value, i) => (value - Math.sqrt(a) * motion[i]!) / Math.sqrt(1 - a));
          return Promise.resolve(prediction === 'epsilon' ? e : motion.slice());
        },
        noise,
        { prediction, steps: 50 },
      );
      expect(seen).toHaveLength(50);
      expect([seen[0], seen.at(-1)]).toEqual([499, 10]);
      result.forEach((value, i) => expect(value).toBeCloseTo(motion[i]!, 3));
    },
  );

  it('keeps the noise that a network says is all there is', async () => {
    const bars = alphaBars();
    const result = await ddim((_, x) => Promise.resolve(x), noise, { prediction: 'sample', steps: 1 });
    expect(result).toEqual(noise);
    const a = bars[499]!;
    const one = await ddim(() => Promise.resolve(noise), noise, { prediction: 'epsilon', steps: 1 });
    one.forEach((value, i) => {
      expect(value / ((noise[i]! * (1 - Math.sqrt(1 - a))) / Math.sqrt(a))).toBeCloseTo(1, 3);
    });
  });

  it('names the step whose prediction is not finite, and ends when told', async () => {
    const bad = ddim(() => Promise.resolve(Float32Array.of(NaN, 0, 0)), noise, {
      prediction: 'sample',
      steps: 5,
    });
    await expect(bad).rejects.toThrow('the prediction at step 499');
    const signal = AbortSignal.abort(new Error('enough'));
    const ended = ddim((_, x) => Promise.resolve(x), noise, { prediction: 'sample', steps: 5, signal });
    await expect(ended).rejects.toThrow('enough');
  });
});
