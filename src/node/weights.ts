import { joinCheckpoint, type LoadedWeights, type LoadOptions } from '../weights/load.js';
import type { ModelPart } from '../weights/manifest.js';
import { openCheckpointFiles, readJson } from './checkpoint-files.js';

export interface OpenedWeights extends LoadedWeights {
  /** Gives the files back. */
  readonly close: () => Promise<void>;
}

export interface OpenOptions {
  /** A JSON file with `{config, wav2vec2, emotion}`, instead of what came with the weights. */
  readonly configPath?: string;
  /** As in `LoadOptions`. */
  readonly parts?: readonly ModelPart[];
  /** As in `LoadOptions`. */
  readonly instead?: LoadOptions['instead'];
  /** Files that are no part of the checkpoint though they lie in its folder: an output of an earlier run. */
  readonly without?: readonly string[];
}

/**
 * Opens a checkpoint by path: one file, a directory, or several of either that make one together, as
 * `openCheckpointFiles` says. Without any configuration its sizes are the published ones.
 *
 * @throws InputError if something is missing or does not fit.
 */
export async function openWeights(
  path: string | readonly string[],
  options: OpenOptions = {},
): Promise<OpenedWeights> {
  const { configPath, parts, instead, without } = options;
  const { files, close } = await openCheckpointFiles(typeof path === 'string' ? [path] : path, without);
  try {
    const loadOptions: LoadOptions = {
      ...(configPath !== undefined && { config: await readJson(configPath) }),
      ...(parts && { parts }),
      ...(instead && { instead }),
    };
    return { ...joinCheckpoint(files, loadOptions), close };
  } catch (error) {
    await close();
    throw error;
  }
}
