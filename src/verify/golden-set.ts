import * as v from 'valibot';
import { InputError } from '../base/errors.js';
import type { Picture } from '../media/picture.js';
import type { Sound } from '../media/sound.js';
import type { WeightSource } from '../weights/source.js';
import { formatShape, tensorInfo } from '../weights/source.js';
import type { GoldenInfo } from './compare.js';

/** The stages of a golden set, in the order in which they are run (golden/README.md). */
export const inferenceStages = ['encode', 'decode', 'fmt', 'audio', 'emotion', 'sample', 'animate'] as const;
export const trainingStages = [
  'train_fmt_release',
  'train_fmt_paper',
  'train_fmt_epsilon',
  'train_fmt_sample',
  'train_autoencoder',
] as const;
export const goldenStages = [...inferenceStages, ...trainingStages];
export type GoldenStageName = (typeof goldenStages)[number];

/** The files of a golden set, wherever they lie. What is absent is undefined. */
export interface GoldenFiles {
  readonly name: string;
  json(file: string): Promise<unknown>;
  tensors(file: string): Promise<WeightSource | undefined>;
  picture(file: string): Promise<Picture | undefined>;
  sound(file: string): Promise<Sound | undefined>;
}

/** One stage of a golden set. */
export interface GoldenStage {
  readonly name: GoldenStageName;
  readonly file: string;
  readonly tensors: ReadonlyMap<string, GoldenInfo>;
  /** The stored elements of a tensor: all of them, or its probe. */
  read(tensor: string): Promise<Float32Array<ArrayBuffer>>;
  /** `sample`: the runs stored, as `SOLVER.nNFE.EMOTION.aγ.eγ`. */
  readonly runs: readonly string[];
  /** `sample`, `animate`: frames in all. */
  readonly frames: number;
  /** `train_…`: how the parameters are moved, as `torch.optim.Adam` names it. */
  readonly adam: AdamJson | undefined;
  /** `train_autoencoder`: weights of VGG and discriminators that the set generates, as `tensors` of a weights.json. */
  readonly synthetic: unknown;
}

const number = v.number('expected a number');
const adamSchema = v.object({
  rate: number,
  beta1: number,
  beta2: number,
  eps: number,
  max_grad_norm: v.optional(number),
});
type AdamJson = v.InferOutput<typeof adamSchema>;

const stageSchema = v.object({
  adam: v.optional(adamSchema),
  synthetic: v.optional(v.unknown()),
  frames: v.optional(v.pipe(number, v.integer('expected an integer'), v.minValue(0, 'expected a count')), 0),
  runs: v.optional(v.array(v.string('expected a string'), 'expected a list'), []),
  tensors: v.record(
    v.string(),
    v.object({
      shape: v.array(v.pipe(number, v.integer('expected integers')), 'expected a list of integers'),
      mean: number,
      rms: number,
      absmax: number,
      kind: v.picklist(['full', 'probe'], 'expected "full" or "probe"'),
      torch_f32_error: number,
    }),
    'expected an object',
  ),
});

/**
 * Opens one stage: STAGE.json describes what STAGE.safetensors holds.
 *
 * @returns undefined when the set has no such stage.
 * @throws InputError when description and tensors do not fit.
 */
export async function openStage(files: GoldenFiles, name: GoldenStageName): Promise<GoldenStage | undefined> {
  const json = await files.json(`${name}.json`);
  if (json === undefined) return undefined;
  const file = `${files.name}/${name}.json`;
  const parsed = v.safeParse(stageSchema, json);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new InputError(`${file}: ${v.getDotPath(issue) ?? 'content'}: ${issue.message}`);
  }
  const stored = await files.tensors(`${name}.safetensors`);
  if (!stored) throw new InputError(`${files.name}/${name}.safetensors: expected beside ${name}.json`);
  const { tensors, runs, frames, adam, synthetic } = parsed.output;
  for (const undescribed of [...stored.tensors.keys()].filter((tensor) => !(tensor in tensors))) {
    throw new InputError(`${file}: tensors: expected an entry for "${undescribed}"`);
  }
  for (const [tensor, info] of Object.entries(tensors)) {
    const { shape } = tensorInfo(stored, tensor);
    if (info.kind === 'full' && formatShape(shape) !== formatShape(info.shape)) {
      throw new InputError(
        `${stored.name}: ${tensor}: expected ${formatShape(info.shape)}, got ${formatShape(shape)}`,
      );
    }
  }
  return {
    name,
    file,
    tensors: new Map(Object.entries(tensors)),
    read: (tensor) => stored.read(tensor),
    runs,
    frames,
    adam,
    synthetic,
  };
}
