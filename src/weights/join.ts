import { InputError } from '../base/errors.js';
import { canonicalName } from './check.js';
import { parseConfig, type ModelConfig } from './config.js';
import type { CheckpointFile } from './formats.js';
import {
  originOf,
  parseEmotionConfig,
  parseHuggingFaceConfig,
  underFloatNames,
  type NamedJson,
} from './huggingface.js';
import { isJsonObject, quote } from './json.js';
import { publishedConfig } from './published-config.js';
import { tensorInfo, type TensorInfo, type WeightSource } from './source.js';

/**
 * The weights of several files as one source under FLOAT's names. What a file of FLOAT's own holds counts before what
 * Hugging Face's hold, as in the published program: a `float.pth` may contain its wav2vec2.
 *
 * @throws InputError if two files hold the same tensor otherwise.
 */
export function joinWeights(files: readonly CheckpointFile[]): WeightSource {
  const placed = files.map(({ weights }) => {
    const origin = originOf(weights);
    return { origin, weights: underFloatNames(weights, origin) };
  });
  if (placed.length === 1) return placed[0]!.weights;
  const inOrder = [
    ...placed.filter(({ origin }) => origin === 'float'),
    ...placed.filter(({ origin }) => origin !== 'float'),
  ];
  const tensors = new Map<string, TensorInfo>();
  const sources = new Map<string, WeightSource>();
  /** By canonical name, so that the two spellings of one tensor meet. */
  const owners = new Map<string, (typeof placed)[number]>();
  for (const file of inOrder) {
    for (const name of file.weights.tensors.keys()) {
      const canonical = canonicalName(name);
      const owner = owners.get(canonical) ?? file;
      if (owner !== file) {
        if (owner.origin === 'float' && file.origin !== 'float') continue;
        const both = `${owner.weights.name} and ${file.weights.name}`;
        throw new InputError(`${both} both hold ${quote(name)}`);
      }
      owners.set(canonical, file);
      sources.set(name, file.weights);
      tensors.set(name, tensorInfo(file.weights, name));
    }
  }
  const name = files.map(({ weights }) => weights.name).join(', ');
  return {
    name,
    tensors,
    async read(tensor) {
      const source = sources.get(tensor);
      if (!source) throw new InputError(`${name}: there is no tensor ${quote(tensor)}`);
      return source.read(tensor);
    },
  };
}

/**
 * The configuration of several files together: the one given, else the first that came with a file of FLOAT's own, else
 * the published one. The sizes of the two wav2vec2, unless that configuration states them, are what came with their files.
 *
 * @throws InputError naming the file and the field at fault.
 */
export function joinConfigs(files: readonly CheckpointFile[], given?: NamedJson): ModelConfig {
  let own = given;
  let names: NamedJson | undefined;
  const speech: Partial<Pick<ModelConfig, 'wav2vec2' | 'emotion'>> = {};
  for (const { weights, config } of files) {
    if (!config) continue;
    const origin = originOf(weights);
    if (origin === 'float') own ??= config;
    else names ??= config;
    if (origin === 'wav2vec2') speech.wav2vec2 ??= parseHuggingFaceConfig(config).wav2vec2;
    if (origin === 'emotion') speech.emotion ??= parseEmotionConfig(config);
  }
  if (!own) return names ? parseConfig({ ...publishedConfig, ...speech }, names.name) : publishedConfig;
  return parseConfig(isJsonObject(own.json) ? { ...speech, ...own.json } : own.json, own.name);
}
