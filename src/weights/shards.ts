import { InputError } from '../base/errors.js';
import type { CheckpointFile } from './formats.js';
import { isJsonObject, quote } from './json.js';
import type { NamedJson } from './huggingface.js';
import { tensorInfo, type TensorInfo, type WeightSource } from './source.js';

/** One of the files that Hugging Face's library cuts a large checkpoint into: `model-00001-of-00003.safetensors`. */
export interface Shard {
  /** What the file would be called in one piece: `model.safetensors`. */
  readonly whole: string;
  readonly number: number;
  readonly count: number;
}

/** @param name of a file, or its path. */
export function shardOf(name: string): Shard | undefined {
  const match = /^(.+)-(\d{5})-of-(\d{5})(\.\w+)$/.exec(name);
  if (!match) return undefined;
  return { whole: `${match[1]}${match[4]}`, number: Number(match[2]), count: Number(match[3]) };
}

/** Whether JSON is the index of a checkpoint in shards, `model.safetensors.index.json`: tensor → file. */
export function isShardIndex(json: unknown): boolean {
  return isJsonObject(json) && isJsonObject(json.weight_map);
}

/**
 * The names of the files an index lists, each once.
 * @throws InputError if it lists none, or what is no name of a file beside it.
 */
export function shardsInIndex({ json, name }: NamedJson): string[] {
  const map = isJsonObject(json) && isJsonObject(json.weight_map) ? json.weight_map : {};
  const files = [...new Set(Object.values(map))];
  const wrong = files.find((file) => typeof file !== 'string' || !/^[^/\\]+\.\w+$/.test(file));
  if (files.length === 0 || wrong !== undefined) {
    throw new InputError(`${name}: weight_map: expected names of files beside it, by tensor`);
  }
  return files as string[];
}

/**
 * The shards of one checkpoint as one file. Which of them holds a tensor is told by what they hold.
 *
 * @param name of the whole.
 * @throws InputError if two of them hold the same tensor.
 */
export function joinShards(name: string, shards: readonly CheckpointFile[]): CheckpointFile {
  const tensors = new Map<string, TensorInfo>();
  const owners = new Map<string, WeightSource>();
  for (const { weights } of shards) {
    for (const tensor of weights.tensors.keys()) {
      const other = owners.get(tensor);
      if (other) throw new InputError(`${other.name} and ${weights.name} both hold ${quote(tensor)}`);
      owners.set(tensor, weights);
      tensors.set(tensor, tensorInfo(weights, tensor));
    }
  }
  const weights: WeightSource = {
    name,
    tensors,
    whence: (tensor) => {
      const owner = owners.get(tensor);
      return owner && { file: owner.name, stored: tensor };
    },
    async read(tensor) {
      const owner = owners.get(tensor);
      if (!owner) throw new InputError(`${name}: there is no tensor ${quote(tensor)}`);
      return owner.read(tensor);
    },
  };
  const config = shards.find((shard) => shard.config)?.config;
  return { weights, ...(config && { config }) };
}

/** @throws InputError if a shard is missing, by the numbers in their names. */
export function checkShards(names: readonly string[]): void {
  const shards = names.map(shardOf);
  const [first] = shards;
  if (!first) return;
  for (let number = 1; number <= Math.min(first.count, 10000); number++) {
    if (shards.some((shard) => shard?.number === number)) continue;
    const digits = (n: number) => String(n).padStart(5, '0');
    const ending = /\.\w+$/.exec(first.whole)?.[0] ?? '';
    const missing = `${first.whole.slice(0, -ending.length)}-${digits(number)}-of-${digits(first.count)}${ending}`;
    throw new InputError(`${missing} is missing, one of ${first.count} files that make ${first.whole}`);
  }
}
