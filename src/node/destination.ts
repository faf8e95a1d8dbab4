import { constants, fstatSync } from 'node:fs';
import { access, lstat, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { isatty } from 'node:tty';
import { InputError } from '../base/errors.js';
import { cannotWrite, isMissing } from './files.js';

/**
 * What is asked of `stat` with numbers of any size. Not Node's own type, which this file's declarations would bring to
 * users.
 */
interface FileStats {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly isFile: () => boolean;
  readonly isFIFO: () => boolean;
  readonly isSocket: () => boolean;
}

/**
 * Where an output goes, decided before anything is written. Links are followed: `path` is what bears the name in the
 * end.
 * - `file`: a regular file that exists, or nothing yet; to be written under another name and renamed.
 * - `pipe`: a named pipe, to be written as a stream.
 * - `descriptor`: what the process was started with under that number (`/dev/stdout`, `/dev/fd/N`), written as a
 *   stream.
 */
export interface Destination {
  readonly kind: 'file' | 'pipe' | 'descriptor';
  readonly path: string;
  /** Of a descriptor. */
  readonly fd?: number;
  /** Permissions of the file that exists. */
  readonly mode?: number;
  /** Two destinations that have one in common are the same; so are an input and a destination. */
  readonly ids: readonly string[];
}

/** The most links that Linux follows. */
const MAX_LINKS = 40;

/** Under every system the path of standard output. */
export const STDOUT = '/dev/stdout';

/**
 * Follows the links of a path, the last one's target need not exist yet.
 *
 * @throws InputError for what cannot be written: a directory, a device, a socket, a file in no or a read-only
 *   directory.
 */
export async function destinationOf(path: string): Promise<Destination> {
  const refused = (why: string) => new InputError(`cannot write ${path}: ${why}`);
  if (path === STDOUT) return descriptor(1, refused);
  if (path === '') throw new InputError('cannot write a file without a name');
  // So Node passes on bytes that are no UTF-8: the file would bear another name.
  if (path.includes('\ufffd')) throw refused('its name is not UTF-8');
  if (path.endsWith('/') || path.endsWith(sep)) throw refused('the name of a file ends in no slash');
  let at = path;
  for (let links = 0; links <= MAX_LINKS; links++) {
    const folder = await realpath(dirname(at)).catch((error: unknown) => {
      throw cannotWrite(path, error);
    });
    const here = join(folder, basename(at));
    const fd = descriptorOf(here);
    if (fd !== undefined) return descriptor(fd, refused);
    const entry = await lstat(here, { bigint: true }).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw cannotWrite(path, error);
    });
    if (entry?.isSymbolicLink()) {
      at = resolve(folder, await readlink(here));
      continue;
    }
    if (entry?.isDirectory()) throw refused('it is a directory');
    if (entry?.isSocket()) throw refused('it is a socket');
    if (entry?.isBlockDevice() || entry?.isCharacterDevice()) throw refused('it is a device');
    const ids = [...(entry ? [idOf(entry)] : []), await nameId(folder, basename(here))];
    if (entry?.isFIFO()) return { kind: 'pipe', path: here, ids };
    // A file that its owner protected against writing is not replaced either.
    for (const needed of entry ? [folder, here] : [folder]) {
      await access(needed, constants.W_OK).catch((error: unknown) => {
        throw cannotWrite(path, error);
      });
    }
    return { kind: 'file', path: here, ids, ...(entry && { mode: Number(entry.mode) & 0o777 }) };
  }
  throw refused('too many links');
}

/** What a file that exists is known by, under whatever name. */
export function idOf({ dev, ino }: Pick<FileStats, 'dev' | 'ino'>): string {
  return `${dev}:${ino}`;
}

/**
 * What a name in a folder is known by, whether it exists or not; two names are one if some file system takes them for
 * one.
 */
async function nameId(folder: string, name: string): Promise<string> {
  return `${idOf(await stat(folder, { bigint: true }))}/${name.normalize('NFC').toLowerCase()}`;
}

/** What the process was started with under a number, if it is a link to that; `/dev/stdout` is one. */
function descriptorOf(path: string): number | undefined {
  const [, owner = 'self', fd] = /^\/(?:proc\/(self|\d+)|dev)\/fd\/(\d+)$/.exec(path) ?? [];
  if (fd === undefined || (owner !== 'self' && Number(owner) !== process.pid)) return undefined;
  return Number(fd);
}

function descriptor(fd: number, refused: (why: string) => InputError): Destination {
  if (fd === 0) throw refused('it is standard input');
  if (fd === 2) throw refused('it is standard error, where messages go');
  const stats = descriptorStats(fd);
  if (!stats) throw refused('no such descriptor is open');
  if (isatty(fd)) throw refused('it is a terminal');
  const ids = [`descriptor ${fd}`, ...(isShared(stats) ? [idOf(stats)] : [])];
  return { kind: 'descriptor', path: `/dev/fd/${fd}`, fd, ids };
}

/** Undefined where nothing is open under that number. */
export function descriptorStats(fd: number): FileStats | undefined {
  try {
    return fstatSync(fd, { bigint: true });
  } catch {
    return undefined;
  }
}

/** Whether what two write there would be mixed. A terminal is meant for that, and of /dev/null nothing is read. */
export function isShared(stats: FileStats): boolean {
  return stats.isFile() || stats.isFIFO() || stats.isSocket();
}
