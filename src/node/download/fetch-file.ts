import { InputError } from '../../base/errors.js';
import { foreignKind } from '../../weights/file-format.js';
import { received } from './body.js';
import { connectionFault, shownUrl, WebFault } from './fault.js';
import { openPart, removePart, stated, type Part, type PartOptions, type RemoteFile } from './part.js';
import { withRetries, type Patience } from './retry.js';
import { headerOf, type Answer, type Web } from './web.js';

export interface Fetched {
  readonly bytes: number;
  readonly sha256: string;
  /** Whether there was a hash to compare that with. */
  readonly checked: boolean;
}

export interface FetchOptions extends Patience, PartOptions {
  /** Whether the file is weights: then what is none is told by its first bytes, before the rest comes. */
  readonly weights?: boolean;
}

/**
 * Fetches a file to `path`. Of what is there from an earlier run only the rest is asked for, as `openPart` says: by
 * Range, with If-Range where the server names versions by strong ETags. Connections that break, and answers that may
 * pass (429, 5xx), are tried again. Size and hash are checked: those given, else those that Hugging Face's servers state
 * (`X-Linked-Size`, `X-Linked-Etag`).
 *
 * What is at `path` when this throws is a part to go on from, or nothing.
 *
 * @throws WebFault if the server does not give it; InputError if it cannot be written; what `signal` was aborted with.
 */
export async function fetchFile(
  web: Web,
  file: RemoteFile,
  path: string,
  options: FetchOptions = {},
): Promise<Fetched> {
  const part = await openPart(path, file, options);
  let damaged = 0;
  try {
    return await withRetries(async (gained) => {
      const { size, sha256 } = part.known();
      if (sha256 === undefined || part.have() !== size)
        await receive(web, file, part, { ...options, gained });
      const expected = part.known().sha256;
      const got = part.sha256();
      if (expected === undefined || expected === got) {
        await part.sync();
        return { bytes: part.have(), sha256: got, checked: expected !== undefined };
      }
      // The part may have suffered on the disk: once more from the beginning.
      await part.restart();
      const message = `${shownUrl(file.url)}: damaged: expected SHA-256 ${expected}, got ${got}`;
      throw new WebFault(message, { passing: ++damaged === 1, after: 0 });
    }, options);
  } finally {
    await part.close();
    if (part.have() === 0) await removePart(path);
  }
}

interface Receiving extends FetchOptions {
  readonly gained: () => void;
}

/** Asks for the part that is missing, and takes as much of it as comes. */
async function receive(web: Web, file: RemoteFile, part: Part, options: Receiving): Promise<void> {
  const fault = (message: string, passing = false) =>
    new WebFault(`${shownUrl(file.url)}: ${message}`, { passing });
  const answer = await web.open(file.url, { headers: rangeOf(part), signal: options.signal, allowed: [416] });
  const body = received(answer.body);
  try {
    const byServer = linked(answer);
    const { size, sha256 }: Partial<RemoteFile> = { ...byServer, ...stated(file) };
    if (byServer.sha256 !== undefined && byServer.sha256 !== sha256) {
      throw fault(`expected SHA-256 ${sha256}, the server states ${byServer.sha256}`);
    }
    const total = totalOf(answer);
    const isAnother = sha256 !== undefined && sha256 !== (part.known().sha256 ?? sha256);
    const goesOn = answer.status === 206 && startOf(answer) === part.have() && !isAnother;
    const isWhole = part.have() > 0 && part.have() === (part.known().size ?? total);
    if (answer.status === 416 && isWhole && !isAnother) return;
    if (part.have() > 0 && !goesOn) await part.restart();
    if (answer.status !== 200 && !goesOn) throw fault('it sent another part than the one asked for', true);
    if (size !== undefined && total !== undefined && total !== size) {
      throw fault(`expected ${size} bytes, the server has ${total}`);
    }
    const whole = size ?? total;
    await part.learn({ url: file.url, size: whole, sha256, etag: strongTag(answer) });
    await takeBody(body, part, file, options);
    if (whole !== undefined && part.have() < whole) throw fault('the connection was dropped', true);
  } finally {
    answer.body.destroy();
  }
}

function rangeOf(part: Part): Readonly<Record<string, string>> {
  const { etag, sha256 } = part.known();
  // Without either nothing says that what is there and what will come are of one version.
  if (part.have() === 0 || (etag === undefined && sha256 === undefined)) return {};
  return { range: `bytes=${part.have()}-`, ...(etag !== undefined && { 'if-range': etag }) };
}

async function takeBody(
  body: AsyncIterable<Buffer>,
  part: Part,
  file: RemoteFile,
  options: Receiving,
): Promise<void> {
  const { signal, weights = false, gained } = options;
  const { size } = part.known();
  const url = new URL(file.url);
  try {
    for await (const chunk of body) {
      signal?.throwIfAborted();
      const kind =
        weights && part.have() === 0 ? foreignKind(chunk.subarray(0, 1024), size ?? chunk.length) : undefined;
      if (kind !== undefined) throw new WebFault(`${shownUrl(url)}: ${kind}`);
      if (size !== undefined && part.have() + chunk.length > size) {
        throw new WebFault(`${shownUrl(url)}: expected ${size} bytes, the server sends more`);
      }
      await part.append(chunk);
      gained();
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof InputError ? error : connectionFault(url, error);
  }
}

/** The size of the whole file, by the server that sends it. */
function totalOf({ status, headers }: Answer): number | undefined {
  const range = headerOf(headers, 'content-range');
  return wholeNumber(
    status === 200 ? headerOf(headers, 'content-length') : /\/(\d+)$/.exec(range ?? '')?.[1],
  );
}

function startOf({ headers }: Answer): number {
  return Number(/^bytes (\d+)-/.exec(headerOf(headers, 'content-range') ?? '')?.[1] ?? -1);
}

/** What Hugging Face says of a file before it sends to where it is kept. */
function linked({ hops }: Answer): { readonly size?: number; readonly sha256?: string } {
  const first = (name: string) =>
    hops.map((headers) => headerOf(headers, name)).find((value) => value !== undefined);
  const size = wholeNumber(first('x-linked-size'));
  const sha256 = first('x-linked-etag')?.replace(/^"|"$/g, '').toLowerCase();
  return {
    ...(size !== undefined && { size }),
    ...(sha256 !== undefined && /^[0-9a-f]{64}$/.test(sha256) && { sha256 }),
  };
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function strongTag({ headers }: Answer): string | undefined {
  const tag = headerOf(headers, 'etag');
  return tag?.startsWith('"') ? tag : undefined;
}
