import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions } from 'playwright-core';
import type { Site } from './site.js';

/** Path of the Chromium to test with, or undefined. */
export const chromiumPath = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
  (path) => path !== undefined && existsSync(path),
);

/** Added to the name of suites that are skipped. */
export const skippedBecause = chromiumPath ? '' : ' (skipped: no Chromium; install it or set CHROMIUM)';

const softwareWebGpu = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--use-vulkan=swiftshader',
];

// Nothing of the browser's own that would ask the network.
const options = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A camera that shows a test picture and a microphone that beeps, allowed without asking.
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
];

// What Chromium asks its maker by itself in spite of the options above, page or no page.
const browsersOwn =
  /^(http:\/\/)?((update|content-autofill|optimizationguide-pa)\.googleapis|accounts\.google)\.com/;

/** A browser whose every attempt to leave this machine ends in a proxy that writes it down. */
export interface WatchedBrowser {
  readonly browser: Browser;
  /** Hosts that anything in the browser (pages, workers, service workers) wanted to reach, except localhost. */
  readonly outside: string[];
  close(): Promise<void>;
}

export async function openBrowser({ webGpu = true } = {}): Promise<WatchedBrowser> {
  const outside: string[] = [];
  const note = (address = '?') => void (browsersOwn.test(address) || outside.push(address));
  const proxy: Server = createServer((request, response) => {
    note(request.url);
    response.writeHead(502).end();
  });
  proxy.on('connect', (request, socket) => {
    note(request.url);
    socket.end('HTTP/1.1 502 No\r\n\r\n');
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const browser = await chromium.launch({
    executablePath: chromiumPath as string,
    headless: true,
    args: [
      ...options,
      ...(webGpu ? softwareWebGpu : []),
      `--proxy-server=127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    ],
  });
  return {
    browser,
    outside,
    async close() {
      await browser.close();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

/** A context with a list of everything that must not happen: errors in the console and requests to other origins. */
export interface WatchedContext {
  readonly context: BrowserContext;
  readonly complaints: string[];
}

export async function openContext(
  { browser }: WatchedBrowser,
  site: Site,
  contextOptions: BrowserContextOptions = {},
): Promise<WatchedContext> {
  const context = await browser.newContext({ acceptDownloads: true, ...contextOptions });
  context.setDefaultTimeout(30_000);
  const complaints: string[] = [];
  context.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()}`);
  });
  context.on('weberror', (error) => complaints.push(`uncaught: ${error.error().message}`));
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (/^https?:$/.test(url.protocol) && url.origin !== site.origin) complaints.push(`request: ${url.href}`);
  });
  return { context, complaints };
}
