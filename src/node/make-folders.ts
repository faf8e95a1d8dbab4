import { mkdir, rmdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { cannotWrite } from './files.js';

/**
 * Makes a folder and those above it that are missing. Node's own recursive `mkdir` spins for ever, in a thread that
 * nothing ends, where a folder that exists says that there is nothing (/proc, a stale mount); here each folder is tried
 * once.
 *
 * @param mode of the folders that are made, before the umask.
 * @returns the folders that were made, the uppermost first.
 * @throws what `mkdir` of Node throws; no folder made before stays.
 */
export async function makeFolders(path: string, mode = 0o777): Promise<string[]> {
  const missing: string[] = [];
  for (let folder = path; !(await isFolder(folder)); folder = dirname(folder)) {
    missing.unshift(folder);
    if (folder === dirname(folder)) break;
  }
  const made: string[] = [];
  for (const folder of missing) {
    try {
      await mkdir(folder, { mode });
      made.push(folder);
    } catch (error) {
      // Another process may have made it meanwhile.
      if (await isFolder(folder)) continue;
      for (const done of made.reverse()) await rmdir(done).catch(() => undefined);
      throw error;
    }
  }
  return made;
}

/** Whether there is a folder. False as well for what cannot be looked at: making it tells why. */
function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** The same for an output. @throws InputError if they cannot be made. */
export async function makeOutputFolders(path: string): Promise<string[]> {
  return makeFolders(path).catch((error: unknown) => {
    throw cannotWrite(path, error);
  });
}
