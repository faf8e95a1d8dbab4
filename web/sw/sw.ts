/*
 * The service worker: after the first visit the page works without a network. It keeps every file of the build in one
 * cache, each under its address and its digest, so that a new version fetches only what changed. A new version takes
 * over when the last open page of the old one is closed; then what only the old one used is deleted.
 */
export {};

declare const self: ServiceWorkerGlobalScope;

// Both are written in by the build.
/** Address relative to this file → digest of what lies there. */
declare const FILES: Readonly<Record<string, string>>;
/** The page's content security policy. */
declare const POLICY: string;

const files = FILES;
const scope = new URL('./', self.location.href);
const cacheName = `float-webgpu ${scope.pathname}`;

const keyOf = (path: string, digest: string) => new URL(`${path}?${digest}`, scope).href;
const keys = new Set(Object.entries(files).map(([path, digest]) => keyOf(path, digest)));

/** The key of a request's file, or undefined if it is none of ours. */
function keyFor(request: Request): string | undefined {
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== scope.origin) return undefined;
  if (!url.pathname.startsWith(scope.pathname)) return undefined;
  const path = decodeURIComponent(url.pathname.slice(scope.pathname.length)) || 'index.html';
  const digest = files[path];
  return digest === undefined ? undefined : keyOf(path, digest);
}

/**
 * Fetches a file to keep. Of the server's headers only the type stays (a file that came by way of a redirection could
 * not answer a navigation), and the policy is added: unlike the one written into the page, it governs the page's worker
 * too.
 */
async function fetchFile(path: string): Promise<Response> {
  const response = await fetch(new URL(path === 'index.html' ? '' : path, scope), { cache: 'no-cache' });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${response.statusText}`);
  const type = response.headers.get('Content-Type') ?? 'application/octet-stream';
  return new Response(response.body, {
    headers: { 'Content-Type': type, 'Content-Security-Policy': POLICY },
  });
}

async function keepAll(): Promise<void> {
  const cache = await caches.open(cacheName);
  const kept = new Set((await cache.keys()).map((request) => request.url));
  for (const [path, digest] of Object.entries(files)) {
    const key = keyOf(path, digest);
    if (!kept.has(key)) await cache.put(key, await fetchFile(path));
  }
}

async function deleteOthers(): Promise<void> {
  const cache = await caches.open(cacheName);
  for (const request of await cache.keys()) if (!keys.has(request.url)) await cache.delete(request);
  await self.clients.claim();
}

/** The part of a file that `Range: bytes=first-last` asks for. */
async function part(response: Response, range: string): Promise<Response> {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? [];
  if (first === undefined) return response;
  const whole = await response.blob();
  const start = Number(first);
  const end = Math.min(last ? Number(last) + 1 : whole.size, whole.size);
  const headers = new Headers(response.headers);
  headers.set('Content-Range', `bytes ${start}-${end - 1}/${whole.size}`);
  return new Response(whole.slice(start, end), { status: 206, headers });
}

async function answer(request: Request, key: string): Promise<Response> {
  const cached = await (await caches.open(cacheName)).match(key);
  if (!cached) return fetch(request);
  const range = request.headers.get('Range');
  return range === null ? cached : part(cached, range);
}

self.addEventListener('install', (event) => event.waitUntil(keepAll()));
self.addEventListener('activate', (event) => event.waitUntil(deleteOthers()));
self.addEventListener('fetch', (event) => {
  const key = keyFor(event.request);
  if (key !== undefined) event.respondWith(answer(event.request, key));
});
