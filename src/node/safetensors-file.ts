import { open } from 'node:fs/promises';
import type { WeightSource } from '../weights/source.js';
import { streamSafetensors, type StreamOptions } from '../weights/stream.js';
import { openByteStream, type PipeOptions } from './byte-stream.js';
import { destinationOf } from './destination.js';
import { cannotWrite, writeAll } from './files.js';
import { createPartial } from './partial-file.js';

export interface WriteOptions extends StreamOptions, PipeOptions {
  /** Given what is written, in order. */
  readonly onChunk?: (bytes: Uint8Array) => void;
  /** Told after each tensor. */
  readonly onBytes?: (done: number, total: number) => void;
  /** Ends the work between two tensors, and the wait for who reads a pipe. */
  readonly signal?: AbortSignal;
}

/**
 * Writes weights as a safetensors file, one tensor at a time, so that the memory needed is a few of the largest tensor.
 * `path` never holds a part of it: the file is complete and on the disk before it gets its name. A named pipe or
 * `/dev/stdout` gets it as it comes.
 *
 * @returns its size in bytes.
 * @throws InputError if it cannot be written, or the source cannot be read or holds what `dtype` cannot.
 */
export async function writeSafetensorsFile(
  path: string,
  source: WeightSource,
  options: WriteOptions,
): Promise<number> {
  const { onChunk, onBytes, signal } = options;
  const { size, chunks } = streamSafetensors(source, options);
  const sink = await openSink(path, options);
  try {
    let done = 0;
    for await (const bytes of chunks) {
      await sink.write(bytes, done);
      onChunk?.(bytes);
      done += bytes.length;
      onBytes?.(done, size);
      signal?.throwIfAborted();
    }
    await sink.finish();
    return size;
  } finally {
    await sink.discard();
  }
}

interface Sink {
  write(bytes: Uint8Array, position: number): Promise<void>;
  finish(): Promise<void>;
  /** Harmless after `finish`. */
  discard(): Promise<void>;
}

async function openSink(path: string, options: WriteOptions): Promise<Sink> {
  const destination = await destinationOf(path);
  if (destination.kind === 'file') return fileSink(path);
  const stream = await openByteStream(destination, path, options);
  return {
    write: (bytes) => stream.write(bytes),
    finish: () => stream.close(),
    discard: () => Promise.resolve(stream.destroy()),
  };
}

async function fileSink(path: string): Promise<Sink> {
  const partial = await createPartial(path);
  const failed = (error: unknown): never => {
    throw cannotWrite(path, error);
  };
  const file = await open(partial.path, 'r+').catch(async (error: unknown) => {
    await partial.discard();
    return failed(error);
  });
  return {
    write: (bytes, position) => writeAll(file, bytes, position).catch(failed),
    async finish() {
      await file.sync().catch(failed);
      await file.close().catch(failed);
      await partial.publish();
    },
    async discard() {
      await file.close().catch(() => undefined);
      await partial.discard();
    },
  };
}
