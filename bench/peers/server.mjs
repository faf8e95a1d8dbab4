// A server of the repository on this machine, isolated from other origins so that the page may share memory between
// threads.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const types = { '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' };
const page = `<!doctype html><title>Peers</title><link rel="icon" href="data:,">
<script type="importmap">{"imports":{"node:fs":"/bench/peers/node-fs.mjs"}}</script>`;

/** @returns `{address, stop}`. */
export async function serveRepository(root) {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname));
    const file = join(root, path);
    const isFile = existsSync(file) && statSync(file).isFile();
    response.writeHead(path === '/' || isFile ? 200 : 404, {
      'Content-Type': path === '/' ? 'text/html' : (types[extname(file)] ?? 'application/octet-stream'),
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    });
    if (isFile) createReadStream(file).pipe(response);
    else response.end(path === '/' ? page : '');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://localhost:${server.address().port}/`,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
