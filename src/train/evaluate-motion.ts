import { directionMatrix, motionCoefficients } from '../models/autoencoder/direction.js';
import { createFlowTransformer } from '../models/transformer/fmt.js';
import { layerNorm } from '../ops/layer-norm.js';
import { linear } from '../ops/linear.js';
import { evaluate } from '../runtime/evaluate.js';
import type { Gpu } from '../runtime/gpu.js';
import { gaussianNoise } from '../sampling/noise.js';
import { sampleMotion } from '../sampling/windows.js';
import { joinArrays } from '../base/arrays.js';
import type { FloatConfig } from '../weights/config.js';
import { windowFrames } from '../weights/config.js';
import type { WeightSource } from '../weights/source.js';
import { tensorInfo } from '../weights/source.js';
import type { MotionClip, MotionDataset } from './dataset.js';

/** How well a transformer follows speech that it was not trained on. */
export interface MotionScore {
  /** What is compared: a direction of the model, or all of them where none is called jaw. */
  readonly what: string;
  /** Pearson's r of the sampled and the true curve, the mean over the clips. */
  readonly own: number;
  /** The same with the curves of other utterances: what chance gives. */
  readonly other: number;
  readonly clips: number;
  /** λ of the first clip over time, sampled and true, for looking at. */
  readonly curves: { readonly sampled: readonly number[]; readonly truth: readonly number[] };
}

export interface ScoreOptions {
  /** At most so many held-out clips. */
  readonly clips?: number;
  readonly seed?: number;
  readonly nfe?: number;
  readonly audioGuidance?: number;
  readonly emotionGuidance?: number;
}

/**
 * Samples the motion of held-out clips from their sound, as `float animate` does, and compares it with theirs.
 *
 * @param weights a checkpoint with `fmt` and `audio_projection`.
 * @returns undefined where nothing is held out.
 */
export async function scoreMotion(
  gpu: Gpu,
  weights: WeightSource,
  config: FloatConfig,
  dataset: MotionDataset,
  options: ScoreOptions = {},
): Promise<MotionScore | undefined> {
  const { clips: most = 8, seed = 15, audioGuidance = 2, emotionGuidance = 1 } = options;
  const prediction = config.objective === 'flow' ? undefined : config.objective;
  const { nfe = prediction ? 51 : 10 } = options;
  const records = dataset.heldOut.slice(0, most);
  if (records.length === 0) return undefined;
  const directions = await directionMatrix(weights);
  const jaw = (config.directions ?? []).indexOf('jaw');
  const columns = jaw >= 0 ? [jaw] : Array.from({ length: directions.cols }, (_, i) => i);
  const curvesOf = (motion: Float32Array) => {
    const lambda = motionCoefficients(directions, motion);
    return columns.map((column) => every(lambda, directions.cols, column));
  };
  const transformer = await createFlowTransformer(gpu, weights, config);
  const results: { utterance: string; sampled: number[][]; truth: number[][] }[] = [];
  try {
    for (const record of records) {
      const clip = await dataset.read(record);
      const motion: Float32Array[] = [];
      const windows = sampleMotion({
        solver: 'euler',
        nfe,
        prediction,
        precedingVelocity: config.preceding === 'velocity',
        windowFrames: windowFrames(config),
        precedingFrames: config.num_prev_frames,
        width: config.dim_w,
        wa: await projectAudio(gpu, weights, clip),
        noise: (window) => gaussianNoise(seed, window, windowFrames(config) * config.dim_w),
        makeField: ({ wa, prevX, prevWa }) =>
          transformer.field(
            { wa, prevX, prevWa, wr: clip.source, we: clip.emotion },
            { audio: audioGuidance, emotion: emotionGuidance },
          ),
      });
      for await (const window of windows) motion.push(window);
      const sampled = curvesOf(joinArrays(motion));
      results.push({ utterance: record.utterance, sampled, truth: curvesOf(clip.latents) });
    }
  } finally {
    transformer.destroy();
  }
  const between = (a: readonly number[][], b: readonly number[][]) =>
    mean(a.flatMap((curve, i) => correlation(curve, b[i]!)));
  const own = results.map(({ sampled, truth }) => between(sampled, truth));
  const other = results.flatMap(({ sampled, utterance }) =>
    results.filter((it) => it.utterance !== utterance).map(({ truth }) => between(sampled, truth)),
  );
  return {
    what: jaw >= 0 ? 'jaw' : 'motion',
    own: mean(own),
    other: mean(other),
    clips: results.length,
    curves: { sampled: results[0]!.sampled[0]!, truth: results[0]!.truth[0]! },
  };
}

/** `audio_projection` (Linear, LayerNorm, SiLU) of a clip's features: wa `[T, d]`. */
async function projectAudio(
  gpu: Gpu,
  weights: WeightSource,
  { features, frames }: MotionClip,
): Promise<Float32Array<ArrayBuffer>> {
  const names = ['0.weight', '0.bias', '1.weight', '1.bias'] as const;
  const tensor = async (name: string) => {
    const path = `audio_encoder.audio_projection.${name}`;
    return { shape: tensorInfo(weights, path).shape, data: await weights.read(path) };
  };
  const [weight, bias, normWeight, normBias] = await Promise.all(names.map(tensor));
  const x = { shape: [1, frames, features.length / frames], data: Float32Array.from(features) };
  const inputs = { x, weight: weight!, bias: bias!, normWeight: normWeight!, normBias: normBias! };
  const { wa } = await evaluate(gpu, inputs, (rec, t) => ({
    wa: layerNorm(rec, linear(rec, t.x, t.weight, { bias: t.bias }), {
      eps: 1e-5,
      weight: t.normWeight,
      bias: t.normBias,
      activation: 'silu',
    }),
  }));
  return wa.data;
}

function every(values: Float32Array, step: number, first: number): number[] {
  return Array.from({ length: values.length / step }, (_, i) => values[i * step + first]!);
}

const mean = (values: readonly number[]) =>
  values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : NaN;

/** Pearson's r over the frames that both have; nothing where one does not move. */
export function correlation(a: readonly number[], b: readonly number[]): number[] {
  const n = Math.min(a.length, b.length);
  const [x, y] = [a.slice(0, n), b.slice(0, n)];
  const [mx, my] = [mean(x), mean(y)];
  const sum = (f: (i: number) => number) => x.reduce((total, _, i) => total + f(i), 0);
  const xx = sum((i) => (x[i]! - mx) ** 2);
  const yy = sum((i) => (y[i]! - my) ** 2);
  if (!(xx > 1e-12 && yy > 1e-12)) return [];
  return [sum((i) => (x[i]! - mx) * (y[i]! - my)) / Math.sqrt(xx * yy)];
}
