import { stat } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { InputError } from '../errors.js';
import { checkWeights } from '../weights/check.js';
import { parseConfig } from '../weights/config.js';
import { parseJsonObject } from '../weights/json.js';
import { loadWeights, type LoadedWeights, type LoadOptions } from '../weights/load.js';
import { modelParts, type ModelPart } from '../weights/manifest.js';
import { syntheticWeights } from '../weights/synthetic.js';
import { openFileSource } from './file-source.js';
import { readInput } from './files.js';

export interface OpenedWeights extends LoadedWeights {
  /** Gives the file back. */
  close(): Promise<void>;
}

export interface OpenOptions {
  /** A JSON file with `{config, wav2vec2, emotion}`, instead of what lies beside the weights. */
  readonly configPath?: string;
  /** As in `LoadOptions`. */
  readonly parts?: readonly ModelPart[];
}

/**
 * Opens weights by path:
 * - a `.safetensors` file, its configuration from `config.json` beside it, else from a `.json` of its own name, else
 *   from its metadata, else the published one;
 * - a `.json` file that describes synthetic weights, as `golden/full/weights.json`, which is its own configuration;
 * - a directory with `weights.safetensors` or, failing that, `weights.json`.
 *
 * @throws InputError if something is missing or does not fit.
 */
export async function openWeights(path: string, options: OpenOptions = {}): Promise<OpenedWeights> {
  const file = await weightsFile(path);
  return extname(file) === '.json' ? openSynthetic(file, options) : openCheckpoint(file, options);
}

async function weightsFile(path: string): Promise<string> {
  if ((await kindOf(path)) !== 'directory') return path;
  for (const name of ['weights.safetensors', 'weights.json']) {
    const file = join(path, name);
    if ((await kindOf(file)) === 'file') return file;
  }
  throw new InputError(`${path}: expected weights.safetensors or weights.json in this directory`);
}

async function openCheckpoint(path: string, options: OpenOptions): Promise<OpenedWeights> {
  const configPath = options.configPath ?? (await configBeside(path));
  const loadOptions: LoadOptions = {
    ...(configPath !== undefined && { config: { json: await readJson(configPath), name: configPath } }),
    ...(options.parts && { parts: options.parts }),
  };
  const bytes = await openFileSource(path);
  try {
    return { ...(await loadWeights(bytes, loadOptions)), close: () => bytes.close() };
  } catch (error) {
    await bytes.close();
    throw error;
  }
}

async function configBeside(path: string): Promise<string | undefined> {
  const ownName = `${path.slice(0, path.length - extname(path).length)}.json`;
  for (const file of [join(dirname(path), 'config.json'), ownName]) {
    if ((await kindOf(file)) === 'file') return file;
  }
  return undefined;
}

async function openSynthetic(path: string, options: OpenOptions): Promise<OpenedWeights> {
  const json = await readJson(path);
  const configPath = options.configPath ?? path;
  const model = parseConfig(configPath === path ? json : await readJson(configPath), configPath);
  const weights = checkWeights(syntheticWeights(json, path), model, options.parts ?? modelParts);
  return { model, weights, close: () => Promise.resolve() };
}

async function readJson(path: string): Promise<unknown> {
  return parseJsonObject(await readInput(path), path);
}

async function kindOf(path: string): Promise<'file' | 'directory' | undefined> {
  try {
    return (await stat(path)).isDirectory() ? 'directory' : 'file';
  } catch {
    return undefined;
  }
}
