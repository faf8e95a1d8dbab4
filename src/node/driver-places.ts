import { chmod, lstat, mkdtemp, realpath, rm } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { atExit } from './at-exit.js';
import { makeFolders } from './make-folders.js';

/** A folder into which nobody else can write, for libraries that this process will load. */
export interface DriverPlace {
  readonly folder: string;
  /** To be called once the libraries are loaded. */
  readonly release: () => Promise<void>;
}

/**
 * Where a driver may be unpacked, best first; each is made and checked when it is opened, which throws where it does
 * not do: the user's cache, in a folder called `name`, which stays; else temporary folders with names that nobody can
 * foresee.
 */
export function driverPlaces(name: string): (() => Promise<DriverPlace>)[] {
  const caches = [process.env['XDG_CACHE_HOME'], homeCache()].filter((path) => path && isAbsolute(path));
  const temporary = [tmpdir(), '/var/tmp', '/dev/shm'];
  return [
    ...[...new Set(caches)].map((cache) => () => cachePlace(join(cache as string, 'float-webgpu', name))),
    ...[...new Set(temporary)].map((parent) => () => temporaryPlace(parent)),
  ];
}

/** Undefined for a user without a home. */
function homeCache(): string | undefined {
  try {
    return join(homedir(), '.cache');
  } catch {
    return undefined;
  }
}

async function cachePlace(folder: string): Promise<DriverPlace> {
  await makeFolders(folder, 0o700);
  await checkOwned(folder);
  return { folder, release: () => Promise.resolve() };
}

async function temporaryPlace(parent: string): Promise<DriverPlace> {
  const folder = await mkdtemp(join(parent, 'float-webgpu-'));
  const forget = atExit(() => rmSync(folder, { recursive: true, force: true }));
  return {
    folder,
    async release() {
      await rm(folder, { recursive: true, force: true });
      forget();
    },
  };
}

/**
 * Throws unless only this user and root can change what lies in `folder`: it, and the folder above, which is ours as
 * well, belong to one of them and are closed to others; and nobody else can put another folder into the place of one
 * above.
 */
async function checkOwned(folder: string): Promise<void> {
  const own = process.getuid?.();
  let level = 0;
  for (let path = await realpath(folder); ; path = dirname(path), level++) {
    const { uid, mode } = await lstat(path);
    if (uid !== own && uid !== 0) throw new Error(`${path} belongs to somebody else`);
    const sticky = (mode & 0o1000) !== 0;
    if (level < 2 && mode & 0o022) {
      if (uid !== own) throw new Error(`${path} can be written by others`);
      await chmod(path, 0o700);
    } else if (level >= 2 && mode & 0o002 && !sticky) {
      throw new Error(`${path} can be written by everybody`);
    }
    if (path === dirname(path)) return;
  }
}
