import type { FloatConfig } from '../weights/config.js';
import { windowFrames } from '../weights/config.js';
import { joinArrays } from '../base/arrays.js';
import { timeEmbedding } from '../models/transformer/time-embedding.js';

/**
 * What the transformer learns to predict (Sec. 4.2, App. B.3).
 *
 * - `flow`: the velocity u = w − x₀ of the straight path x_t = (1 − t)·x₀ + t·w (Eq. 10–12).
 * - `epsilon`: the noise of x_s = √ᾱ_s·w + √(1 − ᾱ_s)·x₀ (Eq. 21).
 * - `sample`: w itself, from the same x_s (Eq. 22–24).
 */
export type Objective = 'flow' | 'epsilon' | 'sample';

/**
 * What the P preceding frames are given as. `motion`: their motion w, as the published program does when it samples.
 * `velocity`: their u, as the paper says; then their rows are in the loss too.
 */
export type Preceding = 'motion' | 'velocity';

/** Samples of N = P + L consecutive frames each. Arrays are row-major, B samples one after the other. */
export interface MotionBatch {
  /** w `[B, N, d]` and x₀ `[B, N, d]`. */
  readonly motion: Float32Array;
  readonly noise: Float32Array;
  /** The audio features that `audio_projection` reads, `[B, N, F]`. */
  readonly features: Float32Array;
  /** r_s `[B, d]` and the emotion's probabilities `[B, e]`. */
  readonly wr: Float32Array;
  readonly we: Float32Array;
  /** t in 0 … 1 `[B]`; of a diffusion, the step s. */
  readonly t: Float32Array;
  /** 1 to keep and 0 to drop `[B, 5]`: audio, source motion, emotion, preceding motion, preceding audio. */
  readonly keep: Float32Array;
}

/** What a step's plan reads, by the names of its inputs. */
export type MotionInputs = Record<
  'x' | 'target' | 'time' | 'features' | 'keepAudio' | 'wr' | 'we',
  Float32Array<ArrayBuffer>
>;

/**
 * The inputs of a training step. Sums are in float64 and rounded once.
 *
 * @param alphaBar ᾱ_0 … ᾱ_500, of a diffusion.
 */
export function motionInputs(
  config: FloatConfig,
  { motion, noise, features, wr, we, t, keep }: MotionBatch,
  objective: Objective,
  {
    preceding = 'motion',
    alphaBar,
  }: { preceding?: Preceding; alphaBar?: ArrayLike<number> | undefined } = {},
): MotionInputs {
  const { num_prev_frames: P, dim_w: d, dim_e: e } = config;
  const N = P + windowFrames(config);
  const B = t.length;
  const kept = (b: number, what: number) => keep[5 * b + what] ?? 1;
  const x = new Float32Array(B * N * d);
  const target = new Float32Array(B * N * d);
  for (let at = 0; at < x.length; at++) {
    const b = Math.floor(at / (N * d));
    const own = Math.floor(at / d) % N >= P;
    const [w, x0] = [motion[at]!, noise[at]!];
    const before = preceding === 'velocity' ? w - x0 : w;
    x[at] = own ? noisy(objective, w, x0, t[b]!, alphaBar) : before * kept(b, 3);
    target[at] = { flow: w - x0, epsilon: x0, sample: w }[objective];
  }
  const rows = (values: Float32Array, width: number, what: number) =>
    Float32Array.from({ length: B * N * width }, (_, at) => {
      const b = Math.floor(at / (N * width));
      return values[b * width + (at % width)]! * kept(b, what);
    });
  return {
    x,
    target,
    time: joinArrays(Array.from(t, timeEmbedding)),
    features: Float32Array.from(features),
    keepAudio: Float32Array.from({ length: B * N }, (_, row) =>
      kept(Math.floor(row / N), row % N < P ? 4 : 0),
    ),
    wr: rows(wr, d, 1),
    we: rows(we, e, 2),
  };
}

function noisy(
  objective: Objective,
  w: number,
  x0: number,
  t: number,
  alphaBar: ArrayLike<number> | undefined,
): number {
  if (objective === 'flow') return (1 - t) * x0 + t * w;
  const a = alphaBar?.[t];
  if (a === undefined) throw new RangeError(`motionInputs: a diffusion needs ᾱ of step ${t}`);
  return Math.sqrt(a) * w + Math.sqrt(1 - a) * x0;
}
