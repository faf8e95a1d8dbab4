import { open, type FileHandle } from 'node:fs/promises';
import type { WeightSource } from '../weights/source.js';
import { streamSafetensors, type StreamOptions } from '../weights/stream.js';
import { cannotWrite, writeAll } from './files.js';
import { createPartial } from './partial-file.js';

export interface WriteOptions extends StreamOptions {
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
  const { onBytes, signal } = options;
  const { size, chunks } = streamSafetensors(source, options);
  const partial = await createPartial(path);
  const failed = (error: unknown): never => {
    throw cannotWrite(path, error);
  };
  let file: FileHandle | undefined;
  try {
    file = await open(partial.path, 'r+').catch(failed);
    let done = 0;
    for await (const bytes of chunks) {
      await writeAll(file, bytes, done).catch(failed);
      done += bytes.length;
      onBytes?.(done, size);
      signal?.throwIfAborted();
    }
    await file.sync().catch(failed);
    await file.close();
    file = undefined;
    await partial.publish();
    return size;
  } finally {
    await file?.close().catch(() => undefined);
    await partial.discard();
  }
}
