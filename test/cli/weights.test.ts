import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { chooseWeights } from '../../src/cli/choose-weights.js';
import { openWeights } from '../../src/node/weights.js';
import { fixture } from '../weights/torch-fixtures.js';
import { folderFiles, startHub, type HubServer } from '../node/download/hub-server.js';
import { golden, runFloat, type Finished } from './run.js';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

let hub: HubServer;
let home: string;
beforeAll(async () => {
  hub = await startHub();
  hub.repositories.set('yuvraj108c/float', folderFiles(fixture('tiny')));
});
afterAll(() => hub.close());
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'float-home-'));
  hub.pace = { wait: 0, bytes: 2 ** 16 };
  hub.onSent = undefined;
  hub.sent = 0;
  return () => rmSync(home, { recursive: true });
});

const env = () => ({ FLOAT_HOME: home, HF_ENDPOINT: hub.url });
const weights = (...args: string[]) => runFloat(['weights', ...args], env());
const get = ['get', 'published', '--accept-licence'];
const installed = () => join(home, 'weights', 'published');

async function isTiny() {
  const opened = await openWeights(installed());
  const expected = await openWeights(golden('tiny'));
  const digest = async ({ weights }: typeof opened) => {
    const hash = createHash('sha256');
    for (const name of expected.weights.tensors.keys()) hash.update(await weights.read(name));
    return hash.digest('hex');
  };
  expect(await digest(opened)).toBe(await digest(expected));
  await opened.close();
  await expected.close();
}

describe('float weights', () => {
  it('fetches nothing where nobody can be asked, and shows what it would', async () => {
    const { status, stdout, stderr } = await weights('get', 'published');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(
      /float\.pth: 0\.5 MB\n.*\n.*\n0\.7 MB to fetch into .*MB of the disk while it is made.*are free\nLicences:\n/,
    );
    expect(stderr).toMatch(/CC BY-NC-ND 4\.0: .*\n.*Apache-2\.0 .*\n/);
    expect(stderr).toMatch(
      /\nfloat: nothing was fetched: the licences above must be accepted: add --accept-licence\n$/,
    );
    expect(hub.sent).toBe(0);
    expect(readdirSync(home)).toEqual([]);
  });

  it('gets, lists, verifies, finds and removes, and animate takes them without being told', async () => {
    const got = await weights(...get);
    expect(got.stderr).toMatch(
      /\npublished: 287 tensors, 0\.7 MB, f32; nobody states a hash|\npublished: 287 tensors, 0\.7 MB, f32, in /,
    );
    expect({ status: got.status, stdout: got.stdout }).toEqual({ status: 0, stdout: '' });
    expect((await weights('path', 'published')).stdout).toBe(`${installed()}\n`);
    expect((await weights('list')).stdout).toMatch(
      /^demo {2}the model that ships.*\npublished {2}f32, 0\.7 MB {2}.*\n$/,
    );
    expect((await weights('verify', 'published')).stderr).toMatch(/every byte is as it was\n$/);
    const out = join(home, 'x.mp4');
    const video = [
      'animate',
      '--image',
      golden('tiny/image.png'),
      '--audio',
      golden('tiny/wave.wav'),
      '--out',
      out,
    ];
    const animated = await runFloat([...video, '--size', '16', '--nfe', '2', '--adapter', 'software'], env());
    expect(animated).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/^weights: published \(--weights demo/) as string,
    });
    const removed = await weights('remove', 'published');
    expect(removed).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/^published: 0\.7 MB removed\n$/) as string,
    });
    expect(existsSync(installed())).toBe(false);
    expect(await weights('path', 'published')).toEqual({
      status: 2,
      stdout: '',
      stderr: 'float: there are no weights published (float weights list shows what there is)\n',
    });
  });

  it('ends right after Ctrl-C, and goes on after whatever ended it', async () => {
    hub.pace = { wait: 10, bytes: 8192 };
    hub.requests.length = 0;
    const kept: number[] = [];
    for (const signal of ['SIGINT', 'SIGKILL', 'SIGINT'] as const) {
      const ended = await stopped((kept.at(-1) ?? 0) + 1 + Math.random() * 150_000, signal);
      if (signal === 'SIGINT') {
        expect(ended.status).toBe(130);
        expect(ended.stderr).toMatch(
          /\n\d+\.\d MB are kept: the same command goes on from there\nfloat: interrupted\n$/,
        );
      }
      expect(existsSync(installed())).toBe(false);
      kept.push(statSync(part()).size);
    }
    hub.pace = { wait: 0, bytes: 2 ** 16 };
    expect((await weights(...get)).status).toBe(0);
    await isTiny();
    expect(readdirSync(join(home, 'unfinished'))).toEqual([]);
    const asked = hub.requests.filter(
      ({ path }) => path.endsWith('/float.pth') && path.startsWith('/stored'),
    );
    expect(asked.map(({ range }) => range)).toEqual([undefined, ...kept.map((bytes) => `bytes=${bytes}-`)]);
  });

  // Signals, shells and limits are other things under Windows.
  it.runIf(process.platform !== 'win32')(
    'keeps what has come when the disk is full, and goes on later',
    async () => {
      const full = await new Promise<Finished>((resolve) => {
        const limited = `ulimit -f 600; exec "$0" "$@"`;
        const child = spawn('sh', ['-c', limited, process.execPath, main, 'weights', ...get], {
          env: { ...process.env, ...env() },
          stdio: ['ignore', 'ignore', 'pipe'],
        });
        let stderr = '';
        child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
        child.on('close', (status) => resolve({ status, stdout: '', stderr }));
      });
      expect(full.status).toBe(2);
      expect(full.stderr).toMatch(
        /\nfloat: cannot write .*float\.pth: the file would be larger than allowed\n$/,
      );
      expect(existsSync(installed())).toBe(false);
      hub.sent = 0;
      expect((await weights(...get)).status).toBe(0);
      await isTiny();
      // 600 blocks of 512 bytes had come.
      expect(hub.sent).toBeLessThan(537_961 + 161_149 - 300_000 + 10_000);
    },
  );
});

describe('chooseWeights', () => {
  it('takes what is given, a path before a name; else the published; else the demo', async () => {
    process.env['FLOAT_HOME'] = home;
    try {
      expect((await chooseWeights(undefined)).path).toMatch(/weights[/\\]demo$/);
      expect((await chooseWeights(undefined)).note).toMatch(
        /^weights: the demo, for drawings \(float weights get published/,
      );
      expect(await chooseWeights('published')).toEqual({ path: 'published' });
      await weights('get', 'published', '--from', fixture('tiny'));
      expect((await chooseWeights(undefined)).path).toBe(installed());
      expect((await chooseWeights('published')).path).toBe(installed());
      expect((await chooseWeights('demo')).path).toMatch(/weights[/\\]demo$/);
      expect(await chooseWeights('golden')).toEqual({ path: 'golden' });
      rmSync(join(installed(), 'float.safetensors'));
      await expect(chooseWeights(undefined)).rejects.toThrow(
        /float\.safetensors: .* it is missing: float weights remove/,
      );
    } finally {
      delete process.env['FLOAT_HOME'];
    }
  });
});

const part = () => join(home, 'unfinished/published/parts/float/float.pth');

/** Runs `get`, and stops it when so many bytes of the first part are on the disk. */
function stopped(
  bytes: number,
  signal: NodeJS.Signals,
): Promise<{ readonly status: number | null; readonly stderr: string }> {
  const child = spawn(process.execPath, [main, 'weights', ...get], {
    env: { ...process.env, ...env() },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const poll = setInterval(() => {
    if ((statSync(part(), { throwIfNoEntry: false })?.size ?? 0) < bytes) return;
    clearInterval(poll);
    child.kill(signal);
  }, 5);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (status) => {
      clearInterval(poll);
      resolve({ status, stderr });
    });
  });
}
