import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, rm, stat } from 'node:fs/promises';
import { isJsonObject } from '../../weights/json.js';
import { cannotRead, cannotWrite, writeAll } from '../files.js';
import { writeAtomically } from '../partial-file.js';

/** A file on a server, and what is known of it before it is asked for. */
export interface RemoteFile {
  readonly url: string;
  /** In bytes. */
  readonly size?: number | undefined;
  /** In hexadecimal digits. */
  readonly sha256?: string | undefined;
}

/** What stands beside the part of a file, so that a later run can go on. */
export interface Known extends RemoteFile {
  /** Of the server that sent it: what it calls this version of the file. */
  readonly etag?: string | undefined;
}

/** As much of a file as has come, on the disk. */
export interface Part {
  /** Bytes. */
  readonly have: () => number;
  readonly known: () => Known;
  readonly learn: (known: Known) => Promise<void>;
  readonly append: (bytes: Uint8Array) => Promise<void>;
  /** What is there is of no use: from the beginning. */
  readonly restart: () => Promise<void>;
  /** SHA-256 of what is there. */
  readonly sha256: () => string;
  /** Everything is on the disk. */
  readonly sync: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface PartOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told how many bytes are there, those of earlier runs too. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** What is known of a file, without what is not. */
export function stated({ url, size, sha256 }: RemoteFile): RemoteFile {
  return { url, ...(size !== undefined && { size }), ...(sha256 !== undefined && { sha256 }) };
}

const statePath = (path: string) => `${path}.json`;

export async function removePart(path: string): Promise<void> {
  await rm(path, { force: true });
  await rm(statePath(path), { force: true });
}

/**
 * Opens what an earlier run left at `path`, if it is known to be of this file, by its hash, or by its address and a
 * strong ETag; else an empty part.
 *
 * @throws InputError if it cannot be written.
 */
export async function openPart(path: string, file: RemoteFile, options: PartOptions): Promise<Part> {
  const { signal, onBytes } = options;
  const failed = (error: unknown): never => {
    throw cannotWrite(path, error);
  };
  let known: Known = (await leftBy(path, file)) ?? file;
  let have =
    known === file
      ? 0
      : await stat(path).then(
          ({ size }) => size,
          () => 0,
        );
  if (known.size !== undefined && have > known.size) have = 0;
  let hash = createHash('sha256');
  const disk = await open(path, have > 0 ? 'r+' : 'w').catch(failed);
  try {
    if (have > 0) {
      const stream = createReadStream(path, {
        end: have - 1,
        highWaterMark: 2 ** 20,
        ...(signal && { signal }),
      });
      for await (const chunk of stream as AsyncIterable<Buffer>) hash.update(chunk);
      onBytes?.(have);
    }
  } catch (error) {
    await disk.close();
    signal?.throwIfAborted();
    throw cannotRead(path, error);
  }
  return {
    have: () => have,
    known: () => known,
    async learn(found) {
      known = found;
      await writeAtomically(statePath(path), Buffer.from(JSON.stringify(known)));
    },
    async append(bytes) {
      await writeAll(disk, bytes, have).catch(failed);
      hash.update(bytes);
      have += bytes.length;
      onBytes?.(have);
    },
    async restart() {
      await disk.truncate(0).catch(failed);
      hash = createHash('sha256');
      have = 0;
      known = file;
      onBytes?.(0);
    },
    sha256: () => hash.copy().digest('hex'),
    sync: () => disk.sync().catch(failed),
    close: () => disk.close(),
  };
}

/** What is known of the part at `path`, if it is one of this file. */
async function leftBy(path: string, file: RemoteFile): Promise<Known | undefined> {
  const saved = parseKnown(await readFile(statePath(path), 'utf8').catch(() => ''));
  if (!saved) return undefined;
  const isSame =
    file.sha256 === undefined
      ? saved.url === file.url && (saved.etag !== undefined || saved.sha256 !== undefined)
      : saved.sha256 === file.sha256;
  return isSame ? { ...saved, ...stated(file) } : undefined;
}

function parseKnown(text: string): Known | undefined {
  try {
    const json: unknown = JSON.parse(text);
    if (!isJsonObject(json) || typeof json['url'] !== 'string') return undefined;
    const string = (key: string) => (typeof json[key] === 'string' ? { [key]: json[key] } : {});
    const size = typeof json['size'] === 'number' ? { size: json['size'] } : {};
    return { url: json['url'], ...size, ...string('sha256'), ...string('etag') };
  } catch {
    return undefined;
  }
}
