import { randomBytes } from 'node:crypto';
import { chmodSync, closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { link, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { atExit } from './at-exit.js';
import { openByteStream, type PipeOptions } from './byte-stream.js';
import { destinationOf } from './destination.js';
import { cannotWrite } from './files.js';

/** An output that is not complete yet. However the process ends, it is gone or has its name. */
export interface PartialFile {
  /** Where it is written: in the same directory, so that renaming it is atomic. */
  readonly path: string;
  /**
   * Gives the file its name, in place of what bears it; with `fresh` only if nothing does. Throws InputError if that
   * cannot be done.
   */
  publish(options?: { readonly fresh?: boolean }): Promise<void>;
  /** Removes it. Harmless after `publish`. */
  discard(): Promise<void>;
}

/**
 * Makes an empty file that will become `target`. To be written without making it anew (flag `r+`): whoever ends the
 * process removes it, and it must not come back.
 *
 * @throws InputError at once when the directory is missing or cannot be written, or `target` is a directory.
 */
export async function createPartial(target: string): Promise<PartialFile> {
  const { path: end, mode } = await destinationOf(target);
  const path = join(dirname(end), partialName(basename(end)));
  const forget = atExit(() => rmSync(path, { force: true }));
  try {
    // In this thread: a file that another thread is about to make could not be removed.
    closeSync(openSync(path, 'wx'));
    if (mode !== undefined) chmodSync(path, mode);
  } catch (error) {
    rmSync(path, { force: true });
    forget();
    throw cannotWrite(target, error);
  }
  return {
    path,
    async publish({ fresh = false } = {}) {
      await (fresh ? renameToNew(path, end) : rename(path, end)).catch((error: unknown) => {
        throw cannotWrite(target, error);
      });
      forget();
    },
    async discard() {
      await rm(path, { force: true });
      forget();
    },
  };
}

/** `rename` that fails with EEXIST where the name is taken, also by another process in this moment. */
async function renameToNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
    await rm(from);
  } catch (error) {
    // Some file systems have no hard links.
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') throw error;
    if (existsSync(to)) throw Object.assign(new Error('it exists'), { code: 'EEXIST' });
    await rename(from, to);
  }
}

/**
 * No longer than a name that is long itself: the file system took that one. Systems count bytes, or units of UTF-16.
 */
export function partialName(name: string): string {
  const suffix = `.partial-${process.pid}-${randomBytes(3).toString('hex')}`;
  const fits = (text: string) =>
    text.length <= Math.max(SHORT, name.length) &&
    Buffer.byteLength(text) <= Math.max(SHORT, Buffer.byteLength(name));
  const characters = Array.from(name);
  while (!fits(characters.join('') + suffix)) characters.pop();
  return characters.join('') + suffix;
}

/** Any file system takes names of so many bytes. */
const SHORT = 100;

/** Throws InputError when `target` cannot be written. */
export async function checkTarget(target: string): Promise<void> {
  if ((await destinationOf(target)).kind === 'file') await (await createPartial(target)).discard();
}

/**
 * Writes a whole file so that `target` never holds a part of it, or all of it to a pipe or descriptor. Throws
 * InputError when it cannot be written.
 */
export async function writeWhole(
  target: string,
  bytes: Uint8Array,
  options: PipeOptions = {},
): Promise<void> {
  const destination = await destinationOf(target);
  if (destination.kind === 'file') return writeAtomically(target, bytes);
  const stream = await openByteStream(destination, target, options);
  try {
    await stream.write(bytes);
    await stream.close();
  } finally {
    stream.destroy();
  }
}

/**
 * Writes a whole file so that `target` never holds a part of it; `fresh` as for `publish`. Throws InputError when it
 * cannot be written.
 */
export async function writeAtomically(
  target: string,
  bytes: Uint8Array,
  options: { readonly fresh?: boolean } = {},
): Promise<void> {
  const partial = await createPartial(target);
  try {
    await writeFile(partial.path, bytes, { flag: 'r+' }).catch((error: unknown) => {
      throw cannotWrite(target, error);
    });
    await partial.publish(options);
  } finally {
    await partial.discard();
  }
}
