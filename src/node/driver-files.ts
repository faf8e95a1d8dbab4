import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { lstat, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import { atExit } from './at-exit.js';
import { sha256 } from './hash.js';
import { makeFolders } from './make-folders.js';
import { readTar } from './tar.js';

/** Beside the files: a line of sha256, size and name for each. */
const SUMS = 'sums';
const STALE_MS = 3600_000;

/** A name for the folder in which an archive is unpacked: another archive, another folder. */
export async function archiveName(name: string, archivePath: string): Promise<string> {
  return `${name}-${sha256(await readFile(archivePath)).slice(0, 16)}`;
}

/**
 * Unpacks the files `names` of an archive (tar, brotli) into `folder`, unless they lie there with the sizes and hashes
 * they were unpacked with. Each is written under another name and renamed: processes that do it at once put the same
 * contents under the same names, and at no moment is a file missing or incomplete that was whole before.
 */
export async function unpackDriver(
  archivePath: string,
  names: readonly string[],
  folder: string,
): Promise<void> {
  await makeFolders(folder, 0o700);
  const sums = await readFile(join(folder, SUMS), 'utf8').catch(() => '');
  if (sums !== '' && sums === (await sumsOf(folder, names))) return;
  await removeStale(folder);
  const files = readTar(await promisify(brotliDecompress)(await readFile(archivePath)));
  const lines: string[] = [];
  for (const name of names) {
    const contents = files.get(name);
    if (!contents) throw new Error(`${archivePath} holds no ${name}`);
    await replace(join(folder, name), contents);
    lines.push(sumLine(name, contents));
  }
  await replace(join(folder, SUMS), Buffer.from(lines.join('')));
  if (lines.join('') !== (await sumsOf(folder, names)))
    throw new Error(`${folder}: files change while they are unpacked`);
}

/** What the files that lie in `folder` are; undefined where one is missing or nothing that can be trusted. */
async function sumsOf(folder: string, names: readonly string[]): Promise<string | undefined> {
  const lines: string[] = [];
  try {
    for (const name of names) {
      const path = join(folder, name);
      const found = await lstat(path);
      if (!found.isFile() || (found.uid !== process.getuid?.() && found.uid !== 0) || found.mode & 0o022)
        return undefined;
      lines.push(sumLine(name, await readFile(path)));
    }
    return lines.join('');
  } catch {
    return undefined;
  }
}

function sumLine(name: string, contents: Uint8Array): string {
  return `${sha256(contents)} ${contents.length} ${name}\n`;
}

/** Puts a file of this user's, whole, in the place of whatever bears the name. */
async function replace(path: string, contents: Uint8Array): Promise<void> {
  const partial = `${path}.partial-${randomBytes(6).toString('hex')}`;
  const forget = atExit(() => rmSync(partial, { force: true }));
  try {
    await writeFile(partial, contents, { flag: 'wx', mode: 0o600 });
    if (
      await stat(path).then(
        (found) => found.isDirectory(),
        () => false,
      )
    )
      await rm(path, { recursive: true });
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
    forget();
  }
}

/** Of a process that was killed while it unpacked. */
async function removeStale(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.includes('.partial-')) continue;
    const path = join(folder, name);
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > STALE_MS) await rm(path, { force: true });
  }
}
