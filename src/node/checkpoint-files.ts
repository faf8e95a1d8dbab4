import { readdir, stat } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { InputError } from '../base/errors.js';
import { openCheckpointFile, type CheckpointFile } from '../weights/formats.js';
import type { NamedJson } from '../weights/huggingface.js';
import { parseJsonObject } from '../weights/json.js';
import { syntheticWeights } from '../weights/synthetic.js';
import { openFileSource } from './file-source.js';
import { cannotRead, readInput } from './files.js';

export interface CheckpointFiles {
  readonly files: readonly CheckpointFile[];
  /** Gives the files back. */
  readonly close: () => Promise<void>;
}

/**
 * Opens what lies under the paths given:
 * - a file: safetensors, PyTorch's (`float.pth`), or a `.json` that describes synthetic weights and is its own configuration;
 *   the configuration of the first two is what their metadata hold, else `config.json` beside them, else a `.json` of their
 *   own name;
 * - a directory with `weights.safetensors` or, failing that, `weights.json`;
 * - a directory of Hugging Face's, with `model.safetensors` or, failing that, `pytorch_model.bin`;
 * - a directory as the published program wants it: `float.pth` (or `float.safetensors`) and two directories of Hugging
 *   Face's.
 *
 * @throws InputError naming what is missing or cannot be read.
 */
export async function openCheckpointFiles(paths: readonly string[]): Promise<CheckpointFiles> {
  const opened: { file: CheckpointFile; close: () => Promise<void> }[] = [];
  const close = async () => {
    for (const { close } of opened) await close();
  };
  try {
    for (const path of paths) {
      for (const file of await filesUnder(path)) opened.push(await openFile(file));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { files: opened.map(({ file }) => file), close };
}

async function openFile(path: string): Promise<{ file: CheckpointFile; close: () => Promise<void> }> {
  if (extname(path) === '.json') {
    const config = await readJson(path);
    const weights = syntheticWeights(config.json, path);
    return { file: { weights, config }, close: () => Promise.resolve() };
  }
  const bytes = await openFileSource(path);
  try {
    return { file: await openCheckpointFile(bytes, await configBeside(path)), close: () => bytes.close() };
  } catch (error) {
    await bytes.close();
    throw error;
  }
}

export async function readJson(path: string): Promise<NamedJson> {
  return { json: parseJsonObject(await readInput(path), path), name: path };
}

async function configBeside(path: string): Promise<NamedJson | undefined> {
  const ownName = `${path.slice(0, path.length - extname(path).length)}.json`;
  const file = await firstFile([join(dirname(path), 'config.json'), ownName]);
  return file === undefined ? undefined : readJson(file);
}

async function filesUnder(path: string): Promise<string[]> {
  if ((await kindOf(path)) !== 'directory') return [path];
  const complete = await modelIn(path, ['weights.safetensors', 'weights.json']);
  if (complete !== undefined) return [complete];
  const own = await modelIn(path, ['float.pth', 'float.safetensors']);
  if (own !== undefined) {
    const names = await readdir(path).catch((error: unknown) => {
      throw cannotRead(path, error);
    });
    const others = await Promise.all(names.sort().map((name) => modelIn(join(path, name), huggingFace)));
    return [own, ...others.filter((file) => file !== undefined)];
  }
  const single = await modelIn(path, huggingFace);
  if (single !== undefined) return [single];
  throw new InputError(
    `${path}: expected weights.safetensors, weights.json, float.pth, model.safetensors or pytorch_model.bin in this directory`,
  );
}

const huggingFace = ['model.safetensors', 'pytorch_model.bin'];

function modelIn(directory: string, names: readonly string[]): Promise<string | undefined> {
  return firstFile(names.map((name) => join(directory, name)));
}

async function firstFile(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if ((await kindOf(path)) === 'file') return path;
  return undefined;
}

async function kindOf(path: string): Promise<'file' | 'directory' | undefined> {
  try {
    return (await stat(path)).isDirectory() ? 'directory' : 'file';
  } catch {
    return undefined;
  }
}
