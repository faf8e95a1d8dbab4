import { constants, createWriteStream, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import type { Destination } from './destination.js';
import { cannotWrite } from './files.js';

/** A pipe or descriptor that bytes are written to in order. */
export interface ByteStream {
  /** Resolves when it has been taken. Throws InputError when it cannot be written. */
  write(bytes: Uint8Array): Promise<void>;
  /** Lets the reader see the end. Standard output stays open: it is the process's. */
  close(): Promise<void>;
  /** Gives it back, whatever was written. Harmless after `close`. */
  destroy(): void;
}

export interface PipeOptions {
  /** Ends the wait for a reader. */
  readonly signal?: AbortSignal;
  /** Called when nobody reads a named pipe yet. */
  readonly onWait?: () => void;
}

/**
 * Opens a destination that is not a file. A named pipe is waited for until somebody reads it.
 *
 * @param name of the destination in messages.
 */
export async function openByteStream(
  destination: Destination,
  name: string,
  options: PipeOptions = {},
): Promise<ByteStream> {
  const fd = destination.fd ?? (await openPipe(destination.path, name, options));
  const stream = fd === 1 ? process.stdout : writable(fd);
  // Every failure is told to who writes.
  const ignored = () => undefined;
  stream.on('error', ignored);
  return {
    write: (bytes) =>
      new Promise((done, failed) => {
        stream.write(bytes, (error) => (error ? failed(cannotWrite(name, error)) : done()));
      }),
    async close() {
      if (fd !== 1) await new Promise<void>((done) => stream.end(done));
    },
    destroy() {
      if (fd !== 1) stream.destroy();
    },
  };
}

/** Pipes and sockets without a thread that a slow reader could hold up for ever. */
function writable(fd: number): Writable {
  const stats = fstatSync(fd);
  if (stats.isFIFO() || stats.isSocket()) return new Socket({ fd, readable: false, writable: true });
  return createWriteStream('', { fd });
}

const PATIENCE_MS = 50;

async function openPipe(path: string, name: string, { signal, onWait }: PipeOptions): Promise<number> {
  for (let first = true; ; first = false) {
    signal?.throwIfAborted();
    try {
      // Without O_NONBLOCK the call would wait, deaf to signals, for a reader.
      return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENXIO'))
        throw cannotWrite(name, error);
    }
    if (first) onWait?.();
    await setTimeout(PATIENCE_MS, undefined, signal && { signal });
  }
}
