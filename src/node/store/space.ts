import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { InputError } from '../../base/errors.js';
import { isMissing } from '../files.js';

/** What is free for this user where `path` is or will be, in bytes; undefined where the system does not say. */
export async function freeSpace(path: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch (error) {
    const above = dirname(path);
    return isMissing(error) && above !== path ? freeSpace(above) : undefined;
  }
}

/** @throws InputError if there is less than is needed. */
export async function checkSpace(path: string, bytes: number): Promise<void> {
  const free = await freeSpace(path);
  if (free === undefined || free >= bytes) return;
  throw new InputError(`${path}: ${megabytes(bytes)} are needed, ${megabytes(free)} are free on this disk`);
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
