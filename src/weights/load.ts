import { checkWeights } from './check.js';
import type { ModelConfig } from './config.js';
import { openCheckpointFile, type CheckpointFile } from './formats.js';
import type { NamedJson } from './huggingface.js';
import { joinConfigs, joinWeights } from './join.js';
import { modelParts, type ModelPart } from './manifest.js';
import type { ByteSource, WeightSource } from './source.js';

/** Weights that are known to fit the configuration beside them. */
export interface LoadedWeights {
  readonly model: ModelConfig;
  /** Under the names of `expectedTensors`. */
  readonly weights: WeightSource;
}

export interface LoadOptions {
  /** The configuration `{config, wav2vec2, emotion}`, and what messages call it. */
  readonly config?: NamedJson;
  /** The parts that must be complete; all four unless given. `[]` opens whatever is there. */
  readonly parts?: readonly ModelPart[];
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
  const model = joinConfigs(files, options.config);
  return { model, weights: checkWeights(joinWeights(files), model, options.parts ?? modelParts) };
}
