import { open, type FileHandle } from 'node:fs/promises';
import { InputError } from '../base/errors.js';
import { checkRange, type ByteSource } from '../weights/source.js';
import { cannotRead, READ_FLAGS } from './files.js';

export interface FileSource extends ByteSource {
  /** Gives the file back; reading fails afterwards. */
  close(): Promise<void>;
}

/** Node reads at most 2³¹ − 1 bytes at once. */
const maxRead = 2 ** 30;

/**
 * A file of any size, read where and when asked.
 * @throws InputError if there is no such file or it cannot be read.
 */
export async function openFileSource(path: string): Promise<FileSource> {
  let handle: FileHandle;
  try {
    handle = await open(path, READ_FLAGS);
  } catch (error) {
    throw cannotRead(path, error);
  }
  const stat = await handle.stat();
  if (!stat.isFile()) {
    await handle.close();
    throw new InputError(
      `${path}: expected a file, got ${stat.isDirectory() ? 'a directory' : 'something else'}`,
    );
  }
  const source: FileSource = {
    name: path,
    size: stat.size,
    async read(offset, length) {
      checkRange(source, offset, length);
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length;) {
        const { bytesRead } = await handle
          .read(bytes, done, Math.min(length - done, maxRead), offset + done)
          .catch((error: unknown) => {
            throw cannotRead(path, error);
          });
        if (bytesRead === 0) throw new InputError(`${path}: the file became shorter while it was read`);
        done += bytesRead;
      }
      return bytes;
    },
    close: () => handle.close(),
  };
  return source;
}
