import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

export const builtPage = fileURLToPath(new URL('../../web/dist/', import.meta.url));

const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.png': 'image/png',
  '.wav': 'audio/wav',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain',
};

/** A static server of the built page. */
export interface Site {
  /** Address of the page; it ends with a slash. */
  readonly url: string;
  readonly origin: string;
  /** Paths asked for so far, relative to the page. */
  readonly asked: string[];
  /** Path → what is served in its place, as if the site had been built anew. */
  readonly changed: Map<string, string>;
  stop(): Promise<void>;
}

/** Serves the built page from a folder of the origin, as GitHub Pages would, with nothing special in the answers. */
export async function serveSite(folder = '/some/where/'): Promise<Site> {
  if (!existsSync(join(builtPage, 'sw.js')))
    throw new Error('web/dist: build the page first, npm run web:build');
  const asked: string[] = [];
  const changed = new Map<string, string>();
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://site').pathname));
    const relative = path.startsWith(folder) ? path.slice(folder.length) || 'index.html' : '';
    const file = join(builtPage, relative);
    if (relative === '' || !existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404, { 'Content-Type': 'text/plain' }).end(`no ${path}`);
      return;
    }
    asked.push(relative);
    const type = types[extname(file)] ?? 'application/octet-stream';
    const other = changed.get(relative);
    if (other !== undefined) {
      response.writeHead(200, { 'Content-Type': type }).end(other);
      return;
    }
    const { size } = statSync(file);
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const start = Number(first ?? 0);
    const end = last ? Math.min(Number(last), size - 1) : size - 1;
    response.writeHead(first === undefined ? 200 : 206, {
      'Content-Type': type,
      'Content-Length': end - start + 1,
      'Accept-Ranges': 'bytes',
      ...(first === undefined ? {} : { 'Content-Range': `bytes ${start}-${end}/${size}` }),
    });
    createReadStream(file, { start, end }).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  return {
    url: origin + folder,
    origin,
    asked,
    changed,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
