import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../base/errors.js';
import { isUnfinished } from '../weights/file-format.js';
import { shardOf } from '../weights/shards.js';
import { cannotRead } from './files.js';

/** Files that are one checkpoint's: one path, or the shards of one file under the name that it would have whole. */
export interface FileGroup {
  readonly name: string;
  readonly paths: readonly string[];
}

/** Names of what is in a folder, sorted. */
export interface FolderNames {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

export interface FolderOptions {
  /** Paths of files that do not count. */
  readonly without?: readonly string[];
  /** What is in a folder, if that is not on the disk. */
  readonly list?: (folder: string) => Promise<FolderNames>;
}

/**
 * The files of weights in a folder; the first of these that it has:
 * 1. `weights.safetensors` or `weights.json`, which are whole;
 * 2. `float.safetensors` or `float.pth`, in capitals or not, and Hugging Face's models in folders beside it;
 * 3. one of Hugging Face's models: `model.safetensors`, `pytorch_model.bin`, or either in shards;
 * 4. whatever files of weights there are, here and in folders of it: the parts of a model by themselves.
 *
 * @throws InputError if there is none, or the folder cannot be read.
 */
export async function filesInFolder(folder: string, options: FolderOptions = {}): Promise<FileGroup[]> {
  const left = new Set(await Promise.all((options.without ?? []).map(realName)));
  const list = options.list ?? ((path: string) => listFolder(path, left));
  const { files, folders } = await list(folder);
  const inFolders = async (choose: Choose) => {
    const groups: FileGroup[] = [];
    for (const name of folders) {
      const path = join(folder, name);
      groups.push(...choose(path, (await list(path)).files));
    }
    return groups;
  };
  const one = (name: string | undefined) =>
    name === undefined ? [] : [{ name: join(folder, name), paths: [join(folder, name)] }];
  const complete = firstOf(files, ['weights.safetensors', 'weights.json']);
  if (complete !== undefined) return one(complete);
  const own = firstOf(files, ['float.safetensors', 'float.pth']);
  if (own !== undefined) return [...one(own), ...(await inFolders(huggingFace))];
  const saved = huggingFace(folder, files);
  if (saved.length > 0) return saved;
  const parts = (path: string, names: readonly string[]) => {
    const model = huggingFace(path, names);
    return model.length > 0 ? model : anyWeights(path, names);
  };
  const found = [...parts(folder, files), ...(await inFolders(parts))];
  if (found.length > 0) return found;
  const unfinished = files.find(isUnfinished);
  const hint = unfinished === undefined ? '' : `: ${unfinished} is an unfinished download`;
  throw new InputError(
    `${folder}: expected weights.safetensors, weights.json, float.pth, FLOAT.safetensors, model.safetensors or ` +
      `pytorch_model.bin in this directory${hint}`,
  );
}

type Choose = (folder: string, names: readonly string[]) => FileGroup[];

/** A model as Hugging Face's library saves it, safetensors before pickles, whole before shards. */
function huggingFace(folder: string, files: readonly string[]): FileGroup[] {
  for (const whole of ['model.safetensors', 'pytorch_model.bin']) {
    if (files.includes(whole)) return [{ name: join(folder, whole), paths: [join(folder, whole)] }];
    const index = `${whole}.index.json`;
    if (files.includes(index)) return [{ name: join(folder, index), paths: [join(folder, index)] }];
    const shards = files.filter((name) => shardOf(name)?.whole === whole);
    if (shards.length > 0) {
      return [{ name: join(folder, whole), paths: shards.map((name) => join(folder, name)) }];
    }
  }
  return [];
}

/** What lies beside weights after training, and is none. */
const trainingState = /^(optimizer|scheduler|scaler|rng_state|training_args|trainer_state)\b/i;

function anyWeights(folder: string, files: readonly string[]): FileGroup[] {
  const groups = new Map<string, string[]>();
  for (const name of files) {
    if (!/\.(safetensors|pth|pt|ckpt)$/i.test(name) || trainingState.test(name)) continue;
    // The same in two formats: safetensors.
    const other = name.replace(/\.(pth|pt|ckpt)$/i, '.safetensors');
    if (other !== name && files.includes(other)) continue;
    const whole = shardOf(name)?.whole ?? name;
    groups.set(whole, [...(groups.get(whole) ?? []), name]);
  }
  return [...groups].map(([whole, names]) => ({
    name: join(folder, whole),
    paths: names.map((name) => join(folder, name)),
  }));
}

/** The name as it is spelt there, whatever its capitals. */
function firstOf(files: readonly string[], wanted: readonly string[]): string | undefined {
  for (const name of wanted) {
    const found = files.includes(name) ? name : files.find((file) => file.toLowerCase() === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Files and folders by name, links followed as what they lead to. */
async function listFolder(folder: string, without: ReadonlySet<string>): Promise<FolderNames> {
  const failed = (error: unknown): never => {
    throw cannotRead(folder, error);
  };
  const files: string[] = [];
  const folders: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(failed)) {
    if (without.size > 0 && without.has(await realName(join(folder, entry.name)))) continue;
    const kind = entry.isSymbolicLink() ? await kindOf(join(folder, entry.name)) : undefined;
    if (entry.isFile() || kind === 'file') files.push(entry.name);
    else if (entry.isDirectory() || kind === 'directory') folders.push(entry.name);
  }
  return { files: files.sort(), folders: folders.filter((name) => !name.startsWith('.')).sort() };
}

export async function kindOf(path: string): Promise<'file' | 'directory' | undefined> {
  try {
    return (await stat(path)).isDirectory() ? 'directory' : 'file';
  } catch {
    return undefined;
  }
}

/** The path itself where nothing bears it. */
const realName = (path: string) => realpath(path).catch(() => path);
