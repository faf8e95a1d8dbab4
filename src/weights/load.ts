import { checkWeights, leftOut, strangers } from './check.js';
import type { ModelConfig } from './config.js';
import { openCheckpointFile, type CheckpointFile } from './formats.js';
import type { NamedJson } from './huggingface.js';
import { quote } from './json.js';
import { joinConfigs, joinWeights } from './join.js';
import type { Instead } from './missing.js';
import { modelParts, type ModelPart } from './manifest.js';
import { publishedConfig } from './published-config.js';
import type { ByteSource, WeightSource } from './source.js';

/** Weights that are known to fit the configuration beside them. */
export interface LoadedWeights {
  readonly model: ModelConfig;
  /** Under the names of `expectedTensors`. Reading one that holds what is not finite throws InputError. */
  readonly weights: WeightSource;
  /** Tensors that the files hold and the model does without. */
  readonly leftOut: readonly string[];
  /** What the user may want to know of the choices made, a line each. */
  readonly notes: readonly string[];
}

export interface LoadOptions {
  /** The configuration `{config, wav2vec2, emotion}`, and what messages call it. */
  readonly config?: NamedJson;
  /** The parts that must be complete; all four unless given. `[]` opens whatever is there. */
  readonly parts?: readonly ModelPart[];
  /** How the user can do without a part; said, after `or`, where it is missing. */
  readonly instead?: Instead;
}

/**
 * Opens a checkpoint in one file: safetensors, or a `.pth`. Its configuration is the one given; else the one in its
 * metadata under `config`; else the published one.
 * @throws InputError if the file, the configuration, or the fit of the two is wrong.
 */
export async function loadWeights(bytes: ByteSource, options: LoadOptions = {}): Promise<LoadedWeights> {
  return joinCheckpoint([await openCheckpointFile(bytes)], options);
}

/**
 * A checkpoint from its files, in any order: FLOAT's own, and the two wav2vec2 if they are apart.
 * @throws InputError if they do not make one that fits the configuration.
 */
export function joinCheckpoint(files: readonly CheckpointFile[], options: LoadOptions = {}): LoadedWeights {
  const { config, parts = modelParts, instead = {} } = options;
  const model = joinConfigs(files, config);
  const joined = joinWeights(files);
  const sizesFrom = 'the published sizes, since no configuration came with it';
  const assumed = model === publishedConfig && !config;
  const weights = checkWeights(joined, model, { parts, instead, ...(assumed && { sizesFrom }) });
  const out = leftOut(joined);
  const unknown = strangers(out);
  const notes = [...joined.notes];
  if (unknown.length > 0) {
    const shown = unknown.slice(0, 3).map(quote).join(', ');
    const more = unknown.length > 3 ? ', …' : '';
    notes.push(`${joined.name}: left out ${unknown.length} tensors that FLOAT does not have: ${shown}${more}`);
  }
  return { model, weights, leftOut: out, notes };
}
