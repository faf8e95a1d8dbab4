import { close, constants, fstat, open as openFile, readFile, readlinkSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import { InputError, messageOf } from '../base/errors.js';

/** What went wrong with a file, in words rather than in errno. */
function reasonOf(error: unknown): string {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'no such file or directory',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EROFS: 'the file system is read-only',
    EEXIST: 'a file of that name is in the way',
    EISDIR: 'it is a directory',
    ENOTDIR: 'a part of the path is not a directory',
    ENOSPC: 'no space left on the disk',
    EDQUOT: 'the disk quota is used up',
    EFBIG: 'the file would be larger than allowed',
    EIO: 'the device reports an error',
    ENAMETOOLONG: 'the name is too long',
    ELOOP: 'too many links',
    ENXIO: 'it is a socket, or a device that is not there',
    EBUSY: 'it is in use',
    EMFILE: 'too many files are open',
    ENOMEM: 'out of memory',
    ESTALE: 'its file system is gone',
    ERR_FS_FILE_TOO_LARGE: 'more than 2 GiB',
    EPIPE: 'nobody reads it any more',
  };
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return reasons[code] ?? messageOf(error);
}

/** What a link leads to; undefined for what is none. */
function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** Whether an error says that there is no such file. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/**
 * For opening what may be a pipe: opening one that nobody writes to would otherwise hold a thread of Node's for good,
 * and the process could neither be interrupted nor end.
 */
export const READ_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** A whole file, or all that comes out of a pipe. Throws InputError when it cannot be read. */
export async function readInput(path: string): Promise<Uint8Array> {
  try {
    const fd = await promisify(openFile)(path, READ_FLAGS);
    const kind = await promisify(fstat)(fd);
    if (kind.isFIFO()) return await readPipe(fd);
    try {
      if (kind.isDirectory()) throw new Error('it is a directory');
      // Some never end.
      if (kind.isCharacterDevice() || kind.isBlockDevice()) throw new Error('it is a device');
      return await promisify(readFile)(fd);
    } finally {
      await promisify(close)(fd);
    }
  } catch (error) {
    throw cannotRead(path, error);
  }
}

/** What Node reads of a file at most. */
const MAX_PIPE_BYTES = 2 ** 31 - 1;

/** All that comes out of a pipe, which is waited for like a socket, in no thread; closes it. */
async function readPipe(fd: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of new Socket({ fd, readable: true, writable: false }) as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_PIPE_BYTES) throw new Error('more than 2 GiB come out of this pipe');
  }
  return Buffer.concat(chunks, bytes);
}

export function cannotRead(path: string, error: unknown): InputError {
  const to = isMissing(error) ? linkOf(path) : undefined;
  if (to !== undefined) {
    const annex = /\.git\/annex\/objects\//.test(to) ? ': run "git annex get" in the repository' : '';
    return new InputError(`${path}: cannot read: a link to ${to}, where there is nothing${annex}`);
  }
  return new InputError(`${path}: cannot read: ${reasonOf(error)}`);
}

export function cannotWrite(path: string, error: unknown): InputError {
  return new InputError(`cannot write ${path}: ${reasonOf(error)}`);
}

/**
 * Writes all of `bytes` at `position`: a disk that is nearly full takes a part of them and complains only next time.
 */
export async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at, position + at);
    if (bytesWritten === 0) throw new Error('nothing was written');
    at += bytesWritten;
  }
}
