import { InputError } from '../base/errors.js';
import { parseConfig, type ModelConfig } from './config.js';
import { finite } from './finite.js';
import type { CheckpointFile } from './formats.js';
import { parseEmotionConfig, parseHuggingFaceConfig, type NamedJson } from './huggingface.js';
import { isJsonObject, quote } from './json.js';
import { placeTensors, type Placed } from './place.js';
import { publishedConfig } from './published-config.js';
import { tensorInfo, type TensorInfo, type WeightSource } from './source.js';

export interface JoinedWeights extends WeightSource {
  readonly whence: (name: string) => { readonly file: string; readonly stored: string } | undefined;
  /** What was chosen where there was a choice, in words. */
  readonly notes: readonly string[];
}

interface PlacedFile extends Placed {
  readonly weights: WeightSource;
}

/**
 * The weights of several files as one source under FLOAT's names, as `placeTensors` finds them. What a file of FLOAT's
 * own holds counts before what Hugging Face's hold, as in the published program: a `float.pth` may contain its
 * wav2vec2. Tensors with no place in FLOAT come last, under their own names.
 *
 * @throws InputError if two files hold the same tensor otherwise; when a tensor is read, if it holds what is not
 *   finite.
 */
export function joinWeights(files: readonly CheckpointFile[]): JoinedWeights {
  const placed = files.map(({ weights }): PlacedFile => ({ weights, ...placeTensors(weights) }));
  const inOrder = [
    ...placed.filter(({ origin }) => origin === 'float'),
    ...placed.filter(({ origin }) => origin !== 'float'),
  ];
  const name = files.map(({ weights }) => weights.name).join(', ');
  const tensors = new Map<string, TensorInfo>();
  const owners = new Map<string, { readonly file: PlacedFile; readonly stored: string }>();
  const add = (tensor: string, file: PlacedFile, stored: string) => {
    owners.set(tensor, { file, stored });
    tensors.set(tensor, tensorInfo(file.weights, stored));
  };
  for (const file of inOrder) {
    for (const [tensor, stored] of file.names) {
      const other = owners.get(tensor)?.file;
      if (!other) add(tensor, file, stored);
      else if (other.origin !== 'float' || file.origin === 'float') {
        const both = `${other.weights.name} and ${file.weights.name}`;
        throw new InputError(`${both} both hold ${quote(stored)}: give one of them`);
      }
    }
  }
  for (const file of inOrder) {
    const used = new Set(file.names.values());
    for (const stored of file.weights.tensors.keys()) {
      if (!used.has(stored) && !tensors.has(stored)) add(stored, file, stored);
    }
  }
  const whence = (tensor: string) => {
    const owner = owners.get(tensor);
    if (!owner) return undefined;
    const { stored, file } = owner;
    return file.weights.whence?.(stored) ?? { file: file.weights.name, stored };
  };
  return {
    name,
    tensors,
    notes: inOrder.flatMap((file) => [...(file.weights.notes ?? []), ...copyNotes(file)]),
    whence,
    async read(tensor) {
      const owner = owners.get(tensor);
      if (!owner) throw new InputError(`${name}: there is no tensor ${quote(tensor)}`);
      const { file, stored } = whence(tensor)!;
      return finite(await owner.file.weights.read(owner.stored), `${file}: tensor ${quote(stored)}`);
    },
  };
}

const shownCopies = 3;

function copyNotes({ weights, copies }: PlacedFile): string[] {
  if (copies.length === 0) return [];
  const others = copies.slice(0, shownCopies).map((prefix) => (prefix === '' ? 'those without prefix' : `those under ${quote(prefix)}`));
  return [`${weights.name}: tensors are there several times; left out are ${others.join(' and ')}${copies.length > shownCopies ? ' and more' : ''}`];
}

/**
 * The configuration of several files together: the one given, else the first of FLOAT's that came with a file, else the
 * published one. The sizes of the two wav2vec2, unless that configuration states them, are what came with their files,
 * or where there are no such tensors the published ones. What lies beside FLOAT's own file and is no configuration of
 * FLOAT says nothing.
 *
 * @throws InputError naming the file and the field at fault.
 */
export function joinConfigs(files: readonly CheckpointFile[], given?: NamedJson): ModelConfig {
  let own = given;
  let names: NamedJson | undefined;
  const speech: Partial<Pick<ModelConfig, 'wav2vec2' | 'emotion'>> = {};
  const present = new Set<string>();
  for (const { weights, config } of files) {
    const placed = placeTensors(weights);
    for (const tensor of placed.names.keys()) present.add(tensor.split('.', 2).join('.'));
    if (!config) continue;
    const { origin } = placed;
    if (isOurs(config)) own ??= config;
    else if (origin !== 'float') names ??= config;
    else if (!isJsonObject(config.json)) throw new InputError(`${config.name}: expected a JSON object`);
    if (isOurs(config)) continue;
    if (origin === 'wav2vec2') speech.wav2vec2 ??= parseHuggingFaceConfig(config).wav2vec2;
    if (origin === 'emotion') speech.emotion ??= parseEmotionConfig(config);
  }
  if (!own) return names ? parseConfig({ ...publishedConfig, ...speech }, names.name) : publishedConfig;
  if (!isJsonObject(own.json)) return parseConfig(own.json, own.name);
  return parseConfig({ ...absent(own.json, present), ...speech, ...own.json }, own.name);
}

/** Whether it speaks of FLOAT: other programs leave a `config.json` beside weights too. */
function isOurs({ json }: NamedJson): boolean {
  return isJsonObject(json) && ['config', 'wav2vec2', 'emotion'].some((key) => key in json);
}

/** Sizes of the wav2vec2 of which there is no tensor: whatever they are, it will be missing. */
function absent(own: Readonly<Record<string, unknown>>, present: ReadonlySet<string>) {
  const labels = isJsonObject(own.config) ? own.config.dim_e : undefined;
  return {
    ...(!present.has('audio_encoder.wav2vec2') && { wav2vec2: publishedConfig.wav2vec2 }),
    ...(!present.has('emotion_encoder.wav2vec2_for_emotion') && {
      emotion: {
        ...publishedConfig.emotion,
        num_labels: typeof labels === 'number' ? labels : publishedConfig.emotion.num_labels,
      },
    }),
  };
}
