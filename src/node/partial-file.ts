import { randomBytes } from 'node:crypto';
import { closeSync, openSync, rmSync } from 'node:fs';
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { InputError } from '../base/errors.js';
import { atExit } from './at-exit.js';
import { cannotWrite } from './files.js';

/** An output that is not complete yet. However the process ends, it is gone or has its name. */
export interface PartialFile {
  /** Where it is written: in the same directory, so that renaming it is atomic. */
  readonly path: string;
  /** Gives the file its name, in place of what bears it. Throws InputError if that cannot be done. */
  publish(): Promise<void>;
  /** Removes it. Harmless after `publish`. */
  discard(): Promise<void>;
}

/**
 * Makes an empty file that will become `target`. To be written without making it anew (flag `r+`): whoever ends the process
 * removes it, and it must not come back.
 *
 * @throws InputError at once when the directory is missing or cannot be written, or `target` is a directory.
 */
export async function createPartial(target: string): Promise<PartialFile> {
  await checkTarget(target);
  const path = `${target}.partial-${process.pid}-${randomBytes(3).toString('hex')}`;
  const forget = atExit(() => rmSync(path, { force: true }));
  try {
    // In this thread: a file that another thread is about to make could not be removed.
    closeSync(openSync(path, 'wx'));
  } catch (error) {
    forget();
    throw cannotWrite(target, error);
  }
  return {
    path,
    async publish() {
      await rename(path, target).catch((error: unknown) => {
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

/** Throws InputError when the directory of `target` is missing or `target` is a directory. */
export async function checkTarget(target: string): Promise<void> {
  const directory = await stat(dirname(target)).catch((error: unknown) => {
    throw cannotWrite(target, error);
  });
  if (!directory.isDirectory())
    throw new InputError(`cannot write ${target}: ${dirname(target)} is no directory`);
  const existing = await stat(target).catch(() => undefined);
  if (existing?.isDirectory()) throw new InputError(`cannot write ${target}: it is a directory`);
}

/** Writes a whole file so that `target` never holds a part of it. Throws InputError when it cannot be written. */
export async function writeAtomically(target: string, bytes: Uint8Array): Promise<void> {
  const partial = await createPartial(target);
  try {
    await writeFile(partial.path, bytes, { flag: 'r+' }).catch((error: unknown) => {
      throw cannotWrite(target, error);
    });
    await partial.publish();
  } finally {
    await partial.discard();
  }
}
