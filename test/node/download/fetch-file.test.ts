import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fetchFile, type FetchOptions } from '../../../src/node/download/fetch-file.js';
import { openWeb, type Web } from '../../../src/node/download/web.js';
import { commit, startHub, startProxy, type Fault, type HubServer } from './hub-server.js';

const bytes = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 2654435761) >>> 13));
const sha256 = createHash('sha256').update(bytes).digest('hex');
const file = 'model.safetensors';

let hub: HubServer;
let web: Web;
let folder: string;
let path: string;
let waits: number[];
beforeAll(async () => {
  hub = await startHub();
  web = openWeb({ env: { HF_ENDPOINT: hub.url, HF_TOKEN: 'hf_secret' }, patience: 2000 });
});
afterAll(async () => {
  await web.close();
  await hub.close();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'float-fetch-'));
  path = join(folder, file);
  hub.repositories.set('a/b', new Map([[file, bytes]]));
  hub.faults.clear();
  hub.requests.length = 0;
  hub.states = true;
  waits = [];
  return () => rmSync(folder, { recursive: true });
});

const url = () => `${hub.url}/a/b/resolve/${commit}/${file}`;
const patience: FetchOptions = { wait: (seconds) => Promise.resolve(void waits.push(seconds)) };
const fetched = (known: { size?: number; sha256?: string } = {}, options: FetchOptions = {}) =>
  fetchFile(web, { url: url(), ...known }, path, { ...patience, ...options });
const fails = (...faults: Fault[]) => hub.faults.set(file, faults);
const ranges = () =>
  hub.requests.filter(({ path }) => path.startsWith('/stored')).map(({ range }) => range ?? 'all');
const isRight = () => expect(readFileSync(path).equals(bytes)).toBe(true);

describe('fetchFile', () => {
  it('follows redirects and checks the hash that the first server states, and the token stays with it', async () => {
    expect(await fetched()).toEqual({ bytes: bytes.length, sha256, checked: true });
    isRight();
    expect(hub.requests.map(({ login }) => login)).toEqual(['Bearer hf_secret', undefined]);
  });

  it('says where nobody states a hash', async () => {
    hub.states = false;
    expect(await fetched()).toEqual({ bytes: bytes.length, sha256, checked: false });
  });

  it('goes on after each dropped connection, by range and tag', async () => {
    fails({ drop: 100_000 }, { drop: 1000 }, { drop: 0 }, { drop: 50_000 });
    await fetched({ sha256, size: bytes.length });
    isRight();
    expect(ranges()).toEqual(['all', 'bytes=100000-', 'bytes=101000-', 'bytes=101000-', 'bytes=151000-']);
    expect(hub.requests.at(-1)!.ifRange).toBe(`"${sha256.slice(0, 16)}"`);
  });

  it('goes on where an earlier run was stopped, and asks for nothing that is there', async () => {
    const abort = new AbortController();
    fails({ drop: 120_000 });
    const stopped = fetched(
      {},
      { onBytes: (have) => have >= 120_000 && abort.abort(), signal: abort.signal },
    );
    await expect(stopped).rejects.toThrow(/abort/i);
    expect(statSync(path).size).toBe(120_000);
    await fetched();
    isRight();
    hub.requests.length = 0;
    await fetched({ sha256, size: bytes.length });
    expect(hub.requests).toEqual([]);
  });

  it('begins anew where the server has another version, or knows no ranges', async () => {
    fails({ drop: 100_000 }, 'whole');
    await fetched();
    isRight();
    expect(ranges()).toEqual(['all', 'bytes=100000-']);
  });

  it('takes no part of an earlier run that may be of another file', async () => {
    hub.states = false;
    fails({ status: 404 });
    writeFileSync(path, 'something else');
    await expect(fetched()).rejects.toThrow('404');
    expect(existsSync(path)).toBe(false);
    fails({ drop: 100_000 }, { status: 404 });
    await expect(fetched()).rejects.toThrow('404');
    hub.repositories.set('a/b', new Map([[file, Buffer.concat([bytes, bytes])]]));
    await fetched();
    expect(readFileSync(path).length).toBe(2 * bytes.length);
  });

  it('fetches once more what arrived damaged, and gives up the second time with nothing kept', async () => {
    fails('damaged');
    await fetched();
    isRight();
    rmSync(path);
    fails('damaged', 'damaged');
    await expect(fetched()).rejects.toThrow(
      /^http:\/\/127\.0\.0\.1:\d+\/a\/b\/resolve\/c0ffee0+\/model\.safetensors: damaged: expected SHA-256 \w{64}, got \w{64}$/,
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it('finds a part that suffered on the disk', async () => {
    fails({ drop: 100_000 }, { status: 404 });
    await expect(fetched()).rejects.toThrow('404');
    const part = readFileSync(path);
    part[5]! ^= 255;
    writeFileSync(path, part);
    await fetched();
    isRight();
    expect(ranges().slice(-2)).toEqual(['bytes=100000-', 'all']);
  });

  it('refuses a wrong size or hash before the bytes come', async () => {
    await expect(fetched({ size: 5 })).rejects.toThrow(`expected 5 bytes, the server has ${bytes.length}`);
    await expect(fetched({ sha256: 'ab'.repeat(32) })).rejects.toThrow(`the server states ${sha256}`);
    fails({ length: -10 });
    await expect(fetched()).rejects.toThrow(
      `expected ${bytes.length} bytes, the server has ${bytes.length - 10}`,
    );
    fails({ length: 10 });
    await expect(fetched()).rejects.toThrow(
      `expected ${bytes.length} bytes, the server has ${bytes.length + 10}`,
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    [401, /: 401: HF_TOKEN is not accepted/],
    [403, /: 403: no access: accept the conditions/],
    [404, /: 404: there is no such file$/],
    [400, /: 400: refused$/],
  ])('gives up at once at status %i', async (status, says) => {
    fails({ status });
    await expect(fetched()).rejects.toThrow(says);
    expect(waits).toEqual([]);
  });

  it('waits as long as the server says, or ever longer, and six times', async () => {
    fails({ status: 429, headers: { 'retry-after': '7' } }, { status: 503 });
    await fetched();
    expect(waits[0]).toBe(7);
    expect(waits[1]).toBeGreaterThanOrEqual(1);
    waits.length = 0;
    fails(...Array.from({ length: 9 }, () => ({ status: 500 })));
    rmSync(path);
    await expect(fetched()).rejects.toThrow(/: 500: the server has failed; tried 6 times$/);
    expect(waits.map((seconds, k) => seconds > 0.5 * 2 ** k - 1e-9 && seconds <= 2 ** k)).toEqual(
      Array(5).fill(true),
    );
    fails({ status: 429, headers: { 'retry-after': '3600' } });
    await expect(fetched()).rejects.toThrow(/429: too many requests: it asks to come back in 60 minutes$/);
  });

  it('tells a web page by its first bytes, and what comes encoded', async () => {
    hub.states = false;
    hub.repositories.set(
      'a/b',
      new Map([[file, Buffer.from('<!doctype html><title>Log in</title>'.padEnd(5000))]]),
    );
    await expect(fetched({}, { weights: true })).rejects.toThrow('a web page (HTML) titled "Log in"');
    fails('gzip');
    await expect(fetched()).rejects.toThrow('expected the file as it is, got it encoded as gzip');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('says that nobody answers, or that there is no such host', async () => {
    const to = (url: string) => fetchFile(web, { url }, path, patience);
    await expect(to('http://127.0.0.1:1/x')).rejects.toThrow(
      'http://127.0.0.1:1/x: nobody answers there; tried 6 times',
    );
    await expect(to('ftp://127.0.0.1/x')).rejects.toThrow(
      'expected an address that begins with https:// or http://',
    );
  });

  it('goes through the proxy of the environment, but not for NO_PROXY', async () => {
    const proxy = await startProxy();
    const through = openWeb({ env: { HF_ENDPOINT: hub.url, HTTP_PROXY: proxy.url, NO_PROXY: 'localhost' } });
    await fetchFile(through, { url: url() }, path, patience);
    isRight();
    expect(proxy.asked).toEqual([new URL(hub.url).host]);
    await through.close();
    await proxy.close();
    const gone = openWeb({ env: { HF_ENDPOINT: hub.url, HTTP_PROXY: proxy.url } });
    await expect(fetchFile(gone, { url: url() }, join(folder, 'x'), patience)).rejects.toThrow(
      'nobody answers there',
    );
    await gone.close();
    expect(() => openWeb({ env: { HTTPS_PROXY: 'no address' } })).toThrow('expected the address of a proxy');
    expect(() => openWeb({ env: { HF_ENDPOINT: 'huggingface.co' } })).toThrow(
      /^HF_ENDPOINT: expected an address/,
    );
  });
});
