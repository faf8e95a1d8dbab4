import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../base/errors.js';
import { atExit } from '../at-exit.js';
import { cannotWrite } from '../files.js';

/** Locks of this very process: after a crash another one may get its number. */
const held = new Set<string>();

/**
 * Keeps other processes from making the same weights: a file `lock` with this process's number. One whose process does
 * not run any more counts for nothing.
 *
 * @returns gives it back.
 * @throws InputError if another process has it.
 */
export function lock(folder: string, what: string): () => void {
  const path = join(folder, 'lock');
  for (let tries = 0; tries < 3; tries++) {
    try {
      // At once: between making the file and noting it here, no other call of this process may look.
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      held.add(path);
      const free = () => {
        held.delete(path);
        rmSync(path, { force: true });
      };
      const forget = atExit(free);
      return () => {
        forget();
        free();
      };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST'))
        throw cannotWrite(path, error);
    }
    const owner = ownerOf(path);
    if (owner === undefined) continue;
    if (held.has(path) || (owner !== process.pid && isAlive(owner))) {
      throw new InputError(
        `${what} is being made by process ${owner}; if that is something else, remove ${path}`,
      );
    }
    rmSync(path, { force: true });
  }
  throw new InputError(`${what} is being made by another process`);
}

function ownerOf(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
