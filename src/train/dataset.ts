import * as v from 'valibot';
import { InputError } from '../base/errors.js';
import { oneLine } from '../weights/json.js';
import type { WeightSource } from '../weights/source.js';
import { formatShape } from '../weights/source.js';

/** What the manifest of a data set says of a clip. */
const clipSchema = v.object({
  /** In the folder of the manifest. */
  file: v.pipe(v.string(), v.regex(/^[\w-]+\.safetensors$/, 'a file name')),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'a hash')),
  frames: v.pipe(v.number(), v.integer(), v.minValue(1)),
  split: v.picklist(['train', 'held-out']),
  /** Neither is on both sides of the split. */
  identity: v.string(),
  utterance: v.string(),
});

const manifestSchema = v.object({
  format: v.literal('float-webgpu motion data set'),
  version: v.literal(1),
  fps: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** Numbers in a row of features, of a motion latent, and of an emotion. */
  widths: v.object({ features: v.number(), latent: v.number(), emotion: v.number() }),
  /** Of the networks that made features and latents: other weights understand neither. */
  encoders: v.string(),
  /** What made it, and how. */
  made: v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])),
  clips: v.pipe(v.array(clipSchema), v.minLength(1, 'at least one clip')),
});

export type DatasetManifest = v.InferOutput<typeof manifestSchema>;
export type ClipRecord = DatasetManifest['clips'][number];

export const manifestName = 'manifest.json';

/** @throws InputError naming the first field at fault. */
export function parseManifest(json: unknown, name: string): DatasetManifest {
  const result = v.safeParse(manifestSchema, json);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue);
  throw new InputError(`${name}: ${path === null ? '' : `${oneLine(path)}: `}${oneLine(issue.message)}`);
}

/** What is learnt from of one clip of T frames. */
export interface MotionClip {
  readonly name: string;
  readonly frames: number;
  /** What `audio_projection` reads, `[T, F]`. */
  readonly features: Float32Array;
  /** Motion r `[T, d]`, and that of a portrait, r_s `[d]`. */
  readonly latents: Float32Array;
  readonly source: Float32Array;
  /** Probabilities of the emotions `[e]`. */
  readonly emotion: Float32Array;
}

/** Clips that are read when they are asked for. */
export interface MotionDataset {
  readonly name: string;
  readonly manifest: DatasetManifest;
  readonly train: readonly ClipRecord[];
  readonly heldOut: readonly ClipRecord[];
  read(clip: ClipRecord): Promise<MotionClip>;
}

/** Clips kept in memory after they were read, in bytes; beyond, those go that were not used for longest. */
const mostKept = 2 ** 30;

/** @param open a clip's file. @throws InputError when there is nothing to train on. */
export function openMotionDataset(
  name: string,
  manifest: DatasetManifest,
  open: (file: string) => Promise<WeightSource>,
): MotionDataset {
  const [train, heldOut] = (['train', 'held-out'] as const).map((split) =>
    manifest.clips.filter((clip) => clip.split === split),
  ) as [ClipRecord[], ClipRecord[]];
  const short = manifest.clips.find(({ frames }) => frames < 2);
  if (short) throw new InputError(`${name}: ${short.file}: expected at least 2 frames, got ${short.frames}`);
  if (train.length === 0) throw new InputError(`${name}: expected clips to train on, got only held-out ones`);
  const kept = new Map<string, MotionClip>();
  let bytes = 0;
  const bytesOf = (clip: MotionClip) => clip.features.byteLength + clip.latents.byteLength;
  return {
    name,
    manifest,
    train,
    heldOut,
    async read(record) {
      const before = kept.get(record.file);
      const clip = before ?? (await readClip(await open(record.file), record, manifest));
      kept.delete(record.file);
      kept.set(record.file, clip);
      if (!before) bytes += bytesOf(clip);
      for (const [file, old] of kept) {
        if (bytes <= mostKept || file === record.file) break;
        kept.delete(file);
        bytes -= bytesOf(old);
      }
      return clip;
    },
  };
}

async function readClip(
  source: WeightSource,
  { file, frames: T }: ClipRecord,
  { widths }: DatasetManifest,
): Promise<MotionClip> {
  const tensor = async (name: string, shape: readonly number[]) => {
    const found = source.tensors.get(name);
    if (!found) throw new InputError(`${source.name}: expected a tensor "${name}"`);
    if (formatShape(found.shape) !== formatShape(shape)) {
      throw new InputError(
        `${source.name}: ${name}: expected shape ${formatShape(shape)}, got ${formatShape(found.shape)}`,
      );
    }
    const values = await source.read(name);
    if (!values.every(Number.isFinite)) {
      throw new InputError(`${source.name}: ${name}: expected finite numbers`);
    }
    return values;
  };
  return {
    name: file,
    frames: T,
    features: await tensor('features', [T, widths.features]),
    latents: await tensor('latents', [T, widths.latent]),
    source: await tensor('source', [widths.latent]),
    emotion: await tensor('emotion', [widths.emotion]),
  };
}
