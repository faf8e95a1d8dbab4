import { expectFinite } from '../base/finite.js';
import { alphaBars, diffusionSteps } from './diffusion.js';
import type { VectorField } from './solvers.js';

/** What a diffusion's network predicts: the noise, or the motion itself. */
export type Prediction = 'epsilon' | 'sample';

export interface DdimOptions {
  readonly prediction: Prediction;
  /** How many of the 500 steps are taken. */
  readonly steps: number;
  readonly signal?: AbortSignal;
}

/**
 * DDIM with η = 0 (Song, Meng and Ermon 2021; App. B.3 of the paper): from noise at s = 499 to motion, by equally
 * spaced steps s. With the prediction's noise e and motion w of x = √ᾱ_s·w + √(1 − ᾱ_s)·e, the next x is the same of
 * the step before; ᾱ_0 = 1, so that the last one is w.
 *
 * @param predict is given s, which is embedded as it is, and x.
 * @returns the motion, rounded to float32; between steps x is float64.
 */
export async function ddim(
  predict: VectorField,
  noise: Float32Array,
  { prediction, steps, signal }: DdimOptions,
): Promise<Float32Array<ArrayBuffer>> {
  const bars = alphaBars();
  const count = Math.min(steps, diffusionSteps - 1);
  const stepAt = (k: number) => Math.round((k * (diffusionSteps - 1)) / count);
  let x = Float64Array.from(noise);
  for (let k = count; k > 0; k--) {
    signal?.throwIfAborted();
    const s = stepAt(k);
    const predicted = await predict(s, Float32Array.from(x));
    if (predicted.length !== x.length) {
      throw new RangeError(`the prediction has ${predicted.length} values, the state ${x.length}`);
    }
    expectFinite(`the prediction at step ${s}`, predicted);
    const [a, before] = [bars[s]!, bars[stepAt(k - 1)]!];
    x = x.map((value, i) => {
      const p = predicted[i]!;
      const e = prediction === 'epsilon' ? p : (value - Math.sqrt(a) * p) / Math.sqrt(1 - a);
      const w = prediction === 'sample' ? p : (value - Math.sqrt(1 - a) * p) / Math.sqrt(a);
      return Math.sqrt(before) * w + Math.sqrt(1 - before) * e;
    });
  }
  return Float32Array.from(x);
}
