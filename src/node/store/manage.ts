import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../base/errors.js';
import { cannotRead, cannotWrite, isMissing } from '../files.js';
import { userDataFolder } from '../user-data.js';
import { isWeightName, makingFolder, placesOf } from './places.js';
import { exists, findInstalled, type Installed } from './record.js';

/** Names of weights that are not ready: somebody stopped while they were made. With what lies there, in bytes. */
export async function unfinishedNames(home = userDataFolder()): Promise<ReadonlyMap<string, number>> {
  const folder = makingFolder(home);
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw cannotRead(folder, error);
  });
  const sizes = new Map<string, number>();
  for (const name of names.filter(isWeightName).sort()) sizes.set(name, await bytesBelow(join(folder, name)));
  return sizes;
}

async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const sizes = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** @throws InputError if there are no weights of this name, or they are damaged. */
export async function installed(name: string, home = userDataFolder()): Promise<Installed> {
  const found = await findInstalled(name, home);
  if (!found) throw new InputError(`there are no weights ${name} (float weights list shows what there is)`);
  return found;
}

/**
 * Removes weights, ready or not.
 *
 * @returns the bytes freed.
 * @throws InputError if there is nothing of this name.
 */
export async function removeWeights(name: string, home = userDataFolder()): Promise<number> {
  const { folder, making } = placesOf(name, home);
  const there = [];
  for (const path of [folder, making]) if (await exists(path)) there.push(path);
  if (there.length === 0)
    throw new InputError(`there are no weights ${name} (float weights list shows what there is)`);
  let bytes = 0;
  for (const path of there) {
    bytes += await bytesBelow(path);
    await rm(path, { recursive: true, force: true }).catch((error: unknown) => {
      throw cannotWrite(path, error);
    });
  }
  return bytes;
}
