import { dirname, extname, join } from 'node:path';
import { InputError } from '../base/errors.js';
import { openCheckpointFile, type CheckpointFile } from '../weights/formats.js';
import type { NamedJson } from '../weights/huggingface.js';
import { isJsonObject, parseJsonObject } from '../weights/json.js';
import { checkShards, isShardIndex, joinShards, shardsInIndex } from '../weights/shards.js';
import { syntheticWeights } from '../weights/synthetic.js';
import { filesInFolder, kindOf, type FileGroup } from './checkpoint-folder.js';
import { openFileSource } from './file-source.js';
import { readInput } from './files.js';

export interface CheckpointFiles {
  readonly files: readonly CheckpointFile[];
  /** Gives the files back. */
  readonly close: () => Promise<void>;
}

/**
 * Opens what lies under the paths given:
 * - a file: safetensors, PyTorch's (`float.pth`), a `.json` that describes synthetic weights and is its own
 *   configuration, or the index of a checkpoint in shards (`model.safetensors.index.json`); the configuration of the
 *   others is what their metadata hold, else `config.json` beside them, else a `.json` of their own name;
 * - a directory, as `filesInFolder` says.
 *
 * @param without files that do not count in a directory.
 * @throws InputError naming what is missing or cannot be read.
 */
export async function openCheckpointFiles(
  paths: readonly string[],
  without: readonly string[] = [],
): Promise<CheckpointFiles> {
  const opened: Opened[] = [];
  const close = async () => {
    for (const { close } of opened) await close();
  };
  try {
    for (const path of paths) {
      for (const group of await groupsUnder(path, without)) opened.push(await openGroup(group));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { files: opened.map(({ file }) => file), close };
}

interface Opened {
  readonly file: CheckpointFile;
  readonly close: () => Promise<void>;
}

async function groupsUnder(path: string, without: readonly string[]): Promise<FileGroup[]> {
  return (await kindOf(path)) === 'directory'
    ? filesInFolder(path, { without })
    : [{ name: path, paths: [path] }];
}

async function openGroup({ name, paths }: FileGroup): Promise<Opened> {
  const [only] = paths;
  if (paths.length === 1 && only === name) return openFile(only);
  checkShards(paths);
  return openShards(name, paths);
}

async function openShards(name: string, paths: readonly string[]): Promise<Opened> {
  const { files, close } = await openCheckpointFiles(paths);
  try {
    return { file: joinShards(name, files), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openFile(path: string): Promise<Opened> {
  if (extname(path) === '.json') return openJson(path);
  const bytes = await openFileSource(path);
  try {
    return { file: await openCheckpointFile(bytes, await configBeside(path)), close: () => bytes.close() };
  } catch (error) {
    await bytes.close();
    throw error;
  }
}

async function openJson(path: string): Promise<Opened> {
  const config = await readJson(path);
  if (isShardIndex(config.json)) {
    const shards = shardsInIndex(config).map((name) => join(dirname(path), name));
    for (const shard of shards) {
      if ((await kindOf(shard)) !== 'file') throw new InputError(`${shard} is missing, which ${path} lists`);
    }
    return openShards(path, shards);
  }
  if (isJsonObject(config.json) && !('generator' in config.json) && !('tensors' in config.json)) {
    throw new InputError(
      `${path}: expected weights, got other JSON (a configuration?): give the file or folder of the weights`,
    );
  }
  return { file: { weights: syntheticWeights(config.json, path), config }, close: () => Promise.resolve() };
}

export async function readJson(path: string): Promise<NamedJson> {
  return { json: parseJsonObject(await readInput(path), path), name: path };
}

async function configBeside(path: string): Promise<NamedJson | undefined> {
  const ownName = `${path.slice(0, path.length - extname(path).length)}.json`;
  for (const file of [join(dirname(path), 'config.json'), ownName]) {
    if ((await kindOf(file)) === 'file') return readJson(file);
  }
  return undefined;
}
