import { InputError } from '../base/errors.js';
import { parseConfig, type EmotionConfig, type Wav2Vec2Config } from './config.js';
import { isJsonObject, show } from './json.js';
import { partOf } from './manifest.js';
import { publishedConfig } from './published-config.js';
import { tensorInfo, type TensorInfo, type WeightSource } from './source.js';

/** JSON and what messages call it. */
export interface NamedJson {
  readonly json: unknown;
  readonly name: string;
}

/**
 * Which network a source's names are of: FLOAT's own (`fmt.…`), or one that Hugging Face's library saved: wav2vec2, or
 * wav2vec2 with the head that hears emotions.
 */
export type Origin = 'float' | 'wav2vec2' | 'emotion';

export function originOf(source: WeightSource): Origin {
  const names = [...source.tensors.keys()];
  if (names.some((name) => partOf(name) !== undefined)) return 'float';
  if (names.some((name) => name.startsWith('classifier.'))) return 'emotion';
  if (names.some((name) => /^(wav2vec2|feature_extractor|feature_projection)\./.test(name))) return 'wav2vec2';
  return 'float';
}

/**
 * The source under the names that FLOAT's checkpoint has for these networks (Sec. 8 of docs/model.md): below `audio_encoder.` or
 * `emotion_encoder.wav2vec2_for_emotion.`. A wav2vec2 saved without any head lacks the first word, `wav2vec2.`.
 */
export function underFloatNames(source: WeightSource, origin: Origin): WeightSource {
  if (origin === 'float') return source;
  const names = [...source.tensors.keys()];
  const headless = !names.some((name) => name.startsWith('wav2vec2.'));
  const parent = origin === 'emotion' ? 'emotion_encoder.wav2vec2_for_emotion.' : 'audio_encoder.';
  const prefix = headless && origin === 'wav2vec2' ? `${parent}wav2vec2.` : parent;
  const tensors = new Map<string, TensorInfo>();
  for (const name of names) tensors.set(prefix + name, tensorInfo(source, name));
  return { name: source.name, tensors, read: (name) => source.read(name.slice(prefix.length)) };
}

/** What our wav2vec2 computes and Hugging Face's may be configured to do otherwise. */
const fixed: Readonly<Record<string, unknown>> = {
  hidden_act: 'gelu',
  feat_extract_activation: 'gelu',
  layer_norm_eps: 1e-5,
  add_adapter: false,
};

/**
 * The sizes in a `config.json` of Hugging Face's, whose fields have the same names as ours; those it lacks are as in
 * wav2vec2-base, which are that library's defaults. The number of labels is that of the entries of `id2label`.
 *
 * @throws InputError naming the field at fault.
 */
export function parseHuggingFaceConfig({ json, name }: NamedJson): { wav2vec2: Wav2Vec2Config; labels: number } {
  if (!isJsonObject(json)) throw new InputError(`${name}: expected a JSON object`);
  for (const [field, value] of Object.entries(fixed)) {
    if (field in json && json[field] !== value) {
      throw new InputError(`${name}: ${field}: expected ${show(value)}, got ${show(json[field])}`);
    }
  }
  const sizes = { ...publishedConfig.wav2vec2, ...json };
  const { wav2vec2 } = parseConfig({ ...publishedConfig, wav2vec2: sizes }, name);
  const labels = isJsonObject(json.id2label) ? Object.keys(json.id2label).length : json.num_labels;
  return { wav2vec2, labels: typeof labels === 'number' ? labels : publishedConfig.emotion.num_labels };
}

/** The same for the emotion classifier. */
export function parseEmotionConfig(config: NamedJson): EmotionConfig {
  const { wav2vec2, labels } = parseHuggingFaceConfig(config);
  return { ...wav2vec2, num_labels: labels };
}
