import { InputError } from '../base/errors.js';
import { parseConfig, type EmotionConfig, type Wav2Vec2Config } from './config.js';
import { isJsonObject, show } from './json.js';
import { publishedConfig } from './published-config.js';

/** JSON and what messages call it. */
export interface NamedJson {
  readonly json: unknown;
  readonly name: string;
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
