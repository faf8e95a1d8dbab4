import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { fromFloat32, type FloatType } from '../weights/encode.js';
import { quote } from '../weights/json.js';
import { safetensorsHeader } from '../weights/safetensors.js';
import { tensorInfo, type TensorInfo, type WeightSource } from '../weights/source.js';
import { cannotWrite, partialPath } from './files.js';

export interface WriteOptions {
  readonly dtype: FloatType;
  /** Which tensors, in which order. */
  readonly names: readonly string[];
  readonly metadata?: Readonly<Record<string, string>>;
  /** Told after each tensor. */
  readonly onBytes?: (done: number, total: number) => void;
  /** Ends the work between two tensors. */
  readonly signal?: AbortSignal;
}

/**
 * Writes weights as a safetensors file, one tensor at a time, so that the memory needed is a few of the largest tensor.
 * `path` never holds a part of it: the file is complete and on the disk before it gets its name.
 *
 * @returns its size in bytes.
 * @throws InputError if it cannot be written, or the source cannot be read or holds what `dtype` cannot.
 */
export async function writeSafetensorsFile(
  path: string,
  source: WeightSource,
  options: WriteOptions,
): Promise<number> {
  const { dtype, names, metadata = {}, onBytes, signal } = options;
  const infos = names.map((name): [string, TensorInfo] => [
    name,
    { dtype, shape: tensorInfo(source, name).shape },
  ]);
  const { header, size } = safetensorsHeader(infos, metadata);
  const partial = await partialPath(path);
  const failed = (error: unknown): never => {
    throw cannotWrite(path, error);
  };
  let file: FileHandle | undefined;
  try {
    file = await open(partial, 'wx').catch(failed);
    let done = 0;
    const write = async (bytes: Uint8Array) => {
      for (let at = 0; at < bytes.length;) {
        const { bytesWritten } = await file!.write(bytes, at).catch(failed);
        at += bytesWritten;
      }
      done += bytes.length;
      onBytes?.(done, size);
    };
    await write(header);
    for (const name of names) {
      signal?.throwIfAborted();
      const values = await source.read(name);
      await write(fromFloat32(values, dtype, `${source.name}: tensor ${quote(name)}`));
    }
    await file.sync().catch(failed);
    await file.close();
    file = undefined;
    await rename(partial, path).catch(failed);
    return size;
  } catch (error) {
    await file?.close();
    await rm(partial, { force: true });
    throw error;
  }
}
