import { open } from 'node:fs/promises';
import { StreamTarget, type StreamTargetChunk, type StreamTargetOptions } from 'mediabunny';
import { writeAll } from './files.js';

export interface FileTarget {
  readonly target: StreamTarget;
  /** Gives the file back, whatever became of the target. */
  readonly close: () => Promise<void>;
}

/**
 * An existing file for mediabunny to write into. Its own FilePathTarget takes a write that a full disk cut short for a
 * whole one, and keeps the file open after an error.
 */
export async function openFileTarget(path: string, options?: StreamTargetOptions): Promise<FileTarget> {
  const file = await open(path, 'r+');
  const stream = new WritableStream<StreamTargetChunk>({
    write: ({ data, position }) => writeAll(file, data, position),
  });
  return { target: new StreamTarget(stream, options), close: () => file.close() };
}
