import { isJsonObject } from '../../weights/json.js';
import { WebFault } from './fault.js';
import type { RemoteFile } from './part.js';
import { withRetries, type Patience } from './retry.js';
import type { Web } from './web.js';

/** A repository of Hugging Face's, `hf:OWNER/NAME`, or one version of it, `hf:OWNER/NAME@REVISION`. */
export interface HubAddress {
  readonly name: string;
  readonly revision: string;
}

export interface HubListing {
  /** The commit that the files are of, so that none is of another version than the others. */
  readonly revision: string;
  /** By path in the repository. */
  readonly files: ReadonlyMap<string, RemoteFile>;
  /** What it states as its licence. */
  readonly licence: string | undefined;
}

const pattern = /^([\w.-]+\/[\w.-]+)(?:@([\w./-]+))?$/;

export function parseHubAddress(text: string): HubAddress | undefined {
  const match = pattern.exec(text);
  return match ? { name: match[1]!, revision: match[2] ?? 'main' } : undefined;
}

/**
 * The files of a repository with their sizes and, of those in its large-file storage, their hashes: one call of the API
 * (`/api/models/NAME/revision/REVISION?blobs=true`).
 *
 * @throws WebFault if there is none, or it may not be read.
 */
export async function listHub(
  web: Web,
  { name, revision }: HubAddress,
  patience: Patience,
): Promise<HubListing> {
  const url = `${web.hub}/api/models/${name}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const json = await withRetries(
    async () => {
      const { body } = await web.open(url, { signal: patience.signal });
      return readJson(body, url);
    },
    { ...patience, tries: 3 },
  );
  const entries =
    isJsonObject(json) && Array.isArray(json['siblings']) ? (json['siblings'] as unknown[]) : undefined;
  if (!isJsonObject(json) || !entries) throw new WebFault(`${url}: expected a list of files`);
  const commit =
    typeof json['sha'] === 'string' && /^[0-9a-f]{40}$/.test(json['sha']) ? json['sha'] : revision;
  const files = new Map<string, RemoteFile>();
  for (const entry of entries) {
    if (!isJsonObject(entry)) continue;
    const path = entry['rfilename'];
    if (typeof path !== 'string' || !isPlainPath(path)) continue;
    files.set(path, { url: fileUrl(web, name, commit, path), ...sizeAndHash(entry) });
  }
  return { revision: commit, files, licence: licenceOf(json) };
}

export function fileUrl(web: Web, name: string, revision: string, path: string): string {
  const escaped = path.split('/').map(encodeURIComponent).join('/');
  return `${web.hub}/${name}/resolve/${encodeURIComponent(revision)}/${escaped}`;
}

/** Paths become names on this disk: none may lead out of its folder. */
function isPlainPath(path: string): boolean {
  return path.split('/').every((part) => part !== '' && !part.startsWith('.') && !/[\\:\p{Cc}]/u.test(part));
}

/** `lfs` has the hash of the file; other entries only git's own, which is of something else. */
function sizeAndHash(entry: Readonly<Record<string, unknown>>): Omit<RemoteFile, 'url'> {
  const lfs = isJsonObject(entry['lfs']) ? entry['lfs'] : {};
  const size = lfs['size'] ?? entry['size'];
  const sha256 = lfs['sha256'] ?? lfs['oid'];
  return {
    ...(typeof size === 'number' && { size }),
    ...(typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256) && { sha256 }),
  };
}

function licenceOf(json: Readonly<Record<string, unknown>>): string | undefined {
  const card = isJsonObject(json['cardData']) ? json['cardData'] : {};
  const { license_name: name, license } = card;
  const stated = typeof name === 'string' ? name : license;
  if (typeof stated === 'string') return stated;
  const tags = Array.isArray(json['tags']) ? json['tags'] : [];
  return tags.find((tag): tag is string => typeof tag === 'string' && tag.startsWith('license:'))?.slice(8);
}

const maxListing = 2 ** 24;

async function readJson(body: AsyncIterable<Buffer>, url: string): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxListing)
      throw new WebFault(`${url}: expected a list of files, got more than ${maxListing} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw new WebFault(`${url}: expected a list of files, got something else than JSON`);
  }
}
