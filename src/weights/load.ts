import { checkWeights } from './check.js';
import { parseConfig, type ModelConfig } from './config.js';
import { isJsonObject } from './json.js';
import { modelParts, type ModelPart } from './manifest.js';
import { publishedConfig } from './published-config.js';
import { openSafetensors } from './safetensors.js';
import type { ByteSource, WeightSource } from './source.js';

/** Weights that are known to fit the configuration beside them. */
export interface LoadedWeights {
  readonly model: ModelConfig;
  /** Under the names of `expectedTensors`. */
  readonly weights: WeightSource;
}

export interface LoadOptions {
  /** The configuration `{config, wav2vec2, emotion}`, and what messages call it. */
  readonly config?: { readonly json: unknown; readonly name: string };
  /** The parts that must be complete; all four unless given. `[]` opens whatever is there. */
  readonly parts?: readonly ModelPart[];
}

/**
 * Opens a safetensors checkpoint. Its configuration is the one given; else the one in its metadata under `config`; else
 * the published one.
 * @throws InputError if the file, the configuration, or the fit of the two is wrong.
 */
export async function loadWeights(bytes: ByteSource, options: LoadOptions = {}): Promise<LoadedWeights> {
  const file = await openSafetensors(bytes);
  const config = options.config ?? configInMetadata(file.metadata, bytes.name);
  const model = config ? parseConfig(config.json, config.name) : publishedConfig;
  return { model, weights: checkWeights(file, model, options.parts ?? modelParts) };
}

/** Other programs write other things under the key `config`: only ours counts. */
function configInMetadata(metadata: ReadonlyMap<string, string>, fileName: string): LoadOptions['config'] {
  const text = metadata.get('config');
  if (text === undefined) return undefined;
  try {
    const json: unknown = JSON.parse(text);
    if (isJsonObject(json) && 'config' in json) return { json, name: `${fileName}: __metadata__: config` };
  } catch {
    return undefined;
  }
  return undefined;
}
