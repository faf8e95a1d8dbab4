import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { InputError, messageOf } from '../base/errors.js';

/** What went wrong with a file, in words rather than in errno. */
function reasonOf(error: unknown): string {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'no such file or directory',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EROFS: 'the file system is read-only',
    EISDIR: 'it is a directory',
    ENOTDIR: 'a part of the path is not a directory',
    ENOSPC: 'no space left on the disk',
    ENAMETOOLONG: 'the name is too long',
  };
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return reasons[code] ?? messageOf(error);
}

/** A whole file the user named. Throws InputError when it cannot be read. */
export async function readInput(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw cannotRead(path, error);
  }
}

export function cannotRead(path: string, error: unknown): InputError {
  return new InputError(`${path}: cannot read: ${reasonOf(error)}`);
}

export function cannotWrite(path: string, error: unknown): InputError {
  return new InputError(`cannot write ${path}: ${reasonOf(error)}`);
}

/**
 * The name under which an output is written until it is complete: in the same directory, so that renaming it is atomic, and
 * different for each process and call. Throws InputError at once when the directory is missing or `path` is a directory.
 */
export async function partialPath(path: string): Promise<string> {
  const directory = await stat(dirname(path)).catch((error: unknown) => {
    throw cannotWrite(path, error);
  });
  if (!directory.isDirectory())
    throw new InputError(`cannot write ${path}: ${dirname(path)} is no directory`);
  const existing = await stat(path).catch(() => undefined);
  if (existing?.isDirectory()) throw new InputError(`cannot write ${path}: it is a directory`);
  return `${path}.partial-${process.pid}-${randomBytes(3).toString('hex')}`;
}

/** Writes a whole file so that `path` never holds a part of it. Throws InputError when it cannot be written. */
export async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const partial = await partialPath(path);
  try {
    await writeFile(partial, bytes);
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw cannotWrite(path, error);
  }
}
