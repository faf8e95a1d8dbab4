import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the server does instead of what it should, once for each request of that path. */
export type Fault =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  /** The connection breaks after so many bytes of the body. */
  | { readonly drop: number }
  /** The same length, other bytes. */
  | 'damaged'
  /** More bytes, or fewer, than it stated. */
  | { readonly length: number }
  /** Another version of the file, with another tag and no heed to ranges. */
  | 'whole'
  | 'gzip';

export interface HubServer {
  readonly url: string;
  /** Repository → path → bytes. */
  readonly repositories: Map<string, Map<string, Buffer>>;
  /** By the path of the file, or `api`; the first is used up first. */
  readonly faults: Map<string, Fault[]>;
  /** What was asked for: method-less path, and the headers that matter. */
  readonly requests: {
    readonly path: string;
    readonly range?: string;
    readonly login?: string;
    readonly ifRange?: string;
  }[];
  /** Bytes of files that went out. */
  sent: number;
  /** Milliseconds before each piece of a file, and its size. */
  pace: { readonly wait: number; readonly bytes: number };
  onSent: ((sent: number) => void) | undefined;
  /** Whether listings and redirects state sizes and hashes. */
  states: boolean;
  close(): Promise<void>;
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
export const commit = 'c0ffee'.padEnd(40, '0');

/**
 * Hugging Face's server on loopback: its API, redirects to a second host name (`localhost`) that keeps the large files
 * under their hashes, with ranges and ETags; small files come at once. Tokens that reach that second host are a fault.
 */
export async function startHub(): Promise<HubServer> {
  const server = createServer((request, response) => {
    answer(hub, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const hub: HubServer = {
    url: `http://127.0.0.1:${port}`,
    repositories: new Map(),
    faults: new Map(),
    requests: [],
    sent: 0,
    pace: { wait: 0, bytes: 2 ** 16 },
    onSent: undefined,
    states: true,
    close: () => closeServer(server),
  };
  return hub;
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** Files below a folder, by path with slashes. */
export function folderFiles(folder: string): Map<string, Buffer> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    paths.map((path) => [path.slice(folder.length + 1).replaceAll('\\', '/'), readFileSync(path)]),
  );
}

async function answer(hub: HubServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = decodeURIComponent(new URL(request.url!, hub.url).pathname);
  const { range, authorization, 'if-range': ifRange } = request.headers;
  hub.requests.push({
    path,
    ...(range !== undefined && { range }),
    ...(authorization !== undefined && { login: authorization }),
    ...(typeof ifRange === 'string' && { ifRange }),
  });
  const api = /^\/api\/models\/([^/]+\/[^/]+)\/revision\//.exec(path);
  if (api) return answerApi(hub, api[1]!, response);
  const resolve = /^\/([^/]+\/[^/]+)\/resolve\/[^/]+\/(.+)$/.exec(path);
  if (resolve) return answerResolve(hub, resolve[1]!, resolve[2]!, request, response);
  const stored = /^\/stored\/([^/]+\/[^/]+)\/(.+)$/.exec(path);
  const bytes = stored && hub.repositories.get(stored[1]!)?.get(stored[2]!);
  if (!bytes) return void response.writeHead(404).end('no such file');
  return sendFile(hub, stored[2]!, bytes, request, response);
}

function answerApi(hub: HubServer, name: string, response: ServerResponse): void {
  const fault = hub.faults.get('api')?.shift();
  if (typeof fault === 'object' && 'status' in fault) {
    response
      .writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers })
      .end(fault.body);
    return;
  }
  const files = hub.repositories.get(name);
  if (!files) {
    const headers = { 'content-type': 'application/json', 'x-error-code': 'RepoNotFound' };
    response.writeHead(401, headers).end('{"error":"Invalid username or password."}');
    return;
  }
  const siblings = [...files].map(([rfilename, bytes]) => ({
    rfilename,
    ...(hub.states && { size: bytes.length }),
    ...(hub.states &&
      isLarge(rfilename) && { lfs: { size: bytes.length, sha256: sha256(bytes), pointerSize: 134 } }),
  }));
  const json = { id: name, sha: commit, siblings, cardData: { license: 'cc-by-nc-4.0' } };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(json));
}

const isLarge = (path: string) => /\.(safetensors|pth|bin)$/.test(path);

async function answerResolve(
  hub: HubServer,
  name: string,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const bytes = hub.repositories.get(name)?.get(path);
  if (!bytes) {
    response.writeHead(404, { 'x-error-code': 'EntryNotFound', 'x-error-message': 'Entry not found' }).end();
    return;
  }
  if (!isLarge(path)) return sendFile(hub, path, bytes, request, response);
  const location = `${hub.url.replace('127.0.0.1', 'localhost')}/stored/${name}/${path}?signature=secret`;
  const stated = { 'x-linked-size': String(bytes.length), 'x-linked-etag': `"${sha256(bytes)}"` };
  response.writeHead(302, { location, ...(hub.states && stated) }).end();
}

async function sendFile(
  hub: HubServer,
  path: string,
  bytes: Buffer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const fault = hub.faults.get(path)?.shift();
  const isLoginLeaked =
    request.headers.host?.startsWith('localhost') && request.headers.authorization !== undefined;
  if (isLoginLeaked) return void response.writeHead(400).end();
  if (typeof fault === 'object' && 'status' in fault) {
    response.writeHead(fault.status, fault.headers).end(fault.body);
    return;
  }
  const etag = fault === 'whole' ? '"another"' : `"${sha256(bytes).slice(0, 16)}"`;
  const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
  const fits = request.headers['if-range'] === undefined || request.headers['if-range'] === etag;
  const from = asked !== undefined && fits && fault !== 'whole' ? Number(asked) : 0;
  if (from >= bytes.length && asked !== undefined) {
    response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
    return;
  }
  const partial = asked !== undefined && fits && fault !== 'whole';
  const extra = typeof fault === 'object' && 'length' in fault ? fault.length : 0;
  let body = Buffer.from(bytes.subarray(from));
  if (fault === 'damaged') body[body.length >> 1]! ^= 1;
  if (extra > 0) body = Buffer.concat([body, Buffer.alloc(extra)]);
  if (extra < 0) body = body.subarray(0, extra);
  response.writeHead(partial ? 206 : 200, {
    etag,
    'accept-ranges': 'bytes',
    'content-length': body.length,
    ...(partial && { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` }),
    ...(fault === 'gzip' && { 'content-encoding': 'gzip' }),
  });
  const end = typeof fault === 'object' && 'drop' in fault ? Math.min(fault.drop, body.length) : body.length;
  for (let at = 0; at < end && !response.destroyed;) {
    const piece = body.subarray(at, Math.min(end, at + hub.pace.bytes));
    await new Promise<void>((resolve) => response.write(piece, () => resolve()));
    at += piece.length;
    hub.sent += piece.length;
    hub.onSent?.(hub.sent);
    if (hub.pace.wait > 0) await sleep(hub.pace.wait);
  }
  if (end === body.length) return void response.end();
  // What was sent arrives, and then nothing more.
  response.socket?.end();
}

/** A proxy that only tunnels, and counts for whom. */
export async function startProxy(): Promise<{
  readonly url: string;
  readonly asked: string[];
  close(): Promise<void>;
}> {
  const asked: string[] = [];
  const server = createServer((_, response) => void response.writeHead(405).end());
  server.on('connect', (request: IncomingMessage, socket) => {
    asked.push(request.url!);
    const [host, port] = request.url!.split(':');
    const out = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      out.pipe(socket);
      socket.pipe(out);
    });
    for (const end of [out, socket])
      end.on('error', () => [out, socket].forEach((other) => void other.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, asked, close: () => closeServer(server) };
}
