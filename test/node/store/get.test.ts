import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openWeb, type Web } from '../../../src/node/download/web.js';
import { getWeights, type GetOptions, type Offer } from '../../../src/node/store/get.js';
import { makeFolders } from '../../../src/node/make-folders.js';
import { removeWeights, unfinishedNames } from '../../../src/node/store/manage.js';
import { findInstalled, installedNames } from '../../../src/node/store/record.js';
import { verifyInstalled } from '../../../src/node/store/verify.js';
import { openWeights } from '../../../src/node/weights.js';
import { writeSafetensorsFile } from '../../../src/node/safetensors-file.js';
import { checkpointLayout } from '../../../src/weights/stream.js';
import { toFloat32 } from '../../../src/weights/dtype.js';
import { fromFloat32 } from '../../../src/weights/encode.js';
import { fixture } from '../../weights/torch-fixtures.js';
import { golden } from '../../cli/run.js';
import { commit, folderFiles, startHub, type HubServer } from '../download/hub-server.js';

const parts = folderFiles(fixture('tiny'));
const emotionFolder = 'wav2vec-english-speech-emotion-recognition';
let single: Buffer;

let hub: HubServer;
let web: Web;
let home: string;
let notes: string[];
let offers: Offer[];
beforeAll(async () => {
  hub = await startHub();
  web = openWeb({ env: { HF_ENDPOINT: hub.url }, patience: 2000 });
  const folder = mkdtempSync(join(tmpdir(), 'float-get-'));
  const opened = await openWeights(golden('tiny'));
  await writeSafetensorsFile(join(folder, 'x.safetensors'), opened.weights, checkpointLayout(opened, 'F32'));
  await opened.close();
  single = readFileSync(join(folder, 'x.safetensors'));
  rmSync(folder, { recursive: true });
});
afterAll(async () => {
  await web.close();
  await hub.close();
});
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'float-home-'));
  hub.repositories.clear();
  hub.repositories.set('set-soft/float', new Map([['FLOAT.safetensors', single]]));
  hub.repositories.set('yuvraj108c/float', parts);
  hub.faults.clear();
  hub.requests.length = 0;
  notes = [];
  offers = [];
  return () => rmSync(home, { recursive: true });
});

const get = (options: Partial<GetOptions> = {}) =>
  getWeights({
    name: 'published',
    from: [],
    dtype: 'f32',
    web,
    home,
    accept: (offer) => Promise.resolve(void offers.push(offer)),
    note: (line) => void notes.push(line),
    wait: () => Promise.resolve(),
    ...options,
  });

/** Compares every tensor with golden/tiny. */
async function isTiny(folder: string, dtype: 'F32' | 'F16' = 'F32') {
  const expected = await openWeights(golden('tiny'));
  const opened = await openWeights(folder);
  expect(opened.model).toEqual(expected.model);
  for (const name of expected.weights.tensors.keys()) {
    const rounded = fromFloat32(await expected.weights.read(name), dtype, name);
    const values = toFloat32(Uint8Array.from(rounded), dtype, name);
    if (
      Buffer.compare(Buffer.from(values.buffer), Buffer.from((await opened.weights.read(name)).buffer)) !== 0
    ) {
      expect.fail(`${name} is another`);
    }
  }
  await opened.close();
  await expected.close();
}

const nothingIsKept = () => expect(readdirSync(home)).toEqual([]);
const fetched = () => hub.requests.map(({ path }) => path).filter((path) => path.startsWith('/stored'));

describe('getWeights', () => {
  it('makes the published weights of the one safetensors, and asks with sizes and licences before', async () => {
    const { folder, record } = await get({
      accept: (offer) => {
        offers.push(offer);
        expect(fetched()).toEqual([]);
        return Promise.resolve();
      },
    });
    await isTiny(folder);
    expect(folder).toBe(join(home, 'weights', 'published'));
    const source = `hf:set-soft/float@${commit}/FLOAT.safetensors`;
    expect(offers[0]).toMatchObject({ parts: [{ source, bytes: single.length }], needed: 2 * single.length });
    expect(offers[0]!.licences.map(({ terms }) => terms).join()).toMatch(
      /CC BY-NC-ND 4.0.*Apache-2.0.*cc-by-nc-4.0/,
    );
    const sha256 = createHash('sha256').update(single).digest('hex');
    expect(record.from).toEqual([{ source, bytes: single.length, sha256, checked: true }]);
    expect(readdirSync(folder).sort()).toEqual(['installed.json', 'weights.json', 'weights.safetensors']);
    expect(await unfinishedNames(home)).toEqual(new Map());
    // A second time there is nothing to do.
    hub.requests.length = 0;
    await get();
    expect(hub.requests).toEqual([]);
  });

  it('takes the next source where one has nothing, and halves the room in f16', async () => {
    hub.repositories.delete('set-soft/float');
    const { folder, record } = await get({ dtype: 'f16' });
    await isTiny(folder, 'F16');
    expect(notes[0]).toMatch(
      /^hf:set-soft\/float: .*401 \(“Invalid username or password.”\).*trying the next source$/,
    );
    expect(
      record.files
        .map(({ path }) => path)
        .filter((path) => path.endsWith('.safetensors'))
        .sort(),
    ).toEqual([
      'float.safetensors',
      `${emotionFolder}/model.safetensors`,
      'wav2vec2-base-960h/model.safetensors',
    ]);
    await verifyInstalled('published', { home });
  });

  it('never has more on the disk than the result and one part', async () => {
    hub.repositories.delete('set-soft/float');
    let most = 0;
    await get({
      onFetch: () => (most = Math.max(most, below(home))),
      onConvert: () => (most = Math.max(most, below(home))),
    });
    expect(offers[0]!.needed).toBeGreaterThan(most - 20_000);
    expect(most).toBeLessThan(
      offers[0]!.bytes + Math.max(...[...parts.values()].map(({ length }) => length)) + 20_000,
    );
  });

  it('fetches the two wav2vec2 that a float.pth of the user’s lacks from where they are published', async () => {
    // Not of the pinned bytes: what they are is known before, and others are refused.
    const files = (folder: string) =>
      new Map(
        [...parts]
          .filter(([path]) => path.startsWith(folder))
          .map(([path, bytes]) => [path.slice(folder.length + 1), bytes]),
      );
    hub.repositories.set(`r-f/${emotionFolder}`, files(emotionFolder));
    const speech = files('wav2vec2-base-960h');
    speech.set('model.safetensors', speech.get('pytorch_model.bin')!);
    hub.repositories.set('facebook/wav2vec2-base-960h', speech);
    const own = join(home, 'mine');
    mkdirSync(own);
    writeFileSync(join(own, 'float.pth'), parts.get('float.pth')!);
    writeFileSync(join(own, 'config.json'), parts.get('config.json')!);
    await expect(get({ from: [join(own, 'float.pth')] })).rejects.toThrow(
      /expected 1596 bytes, the server has 525$/,
    );
    expect(offers[0]!.parts.map(({ source }) => source.replace(/@\w+/, ''))).toEqual([
      join(own, 'float.pth'),
      'hf:facebook/wav2vec2-base-960h/model.safetensors',
      `hf:r-f/${emotionFolder}/model.safetensors`,
    ]);
    expect(await findInstalled('published', home)).toBeUndefined();
    const from = [join(own, 'float.pth'), 'hf:yuvraj108c/float'];
    await expect(get({ name: 'both', from })).rejects.toThrow(
      'would both become float.safetensors: give one of them',
    );
  });

  it('takes any address, repository or folder under any name, and asks only where something is fetched', async () => {
    const url = `${hub.url}/set-soft/float/blob/main/FLOAT.safetensors`;
    await isTiny((await get({ name: 'by-address', from: [url] })).folder);
    await isTiny((await get({ name: 'by-hub', from: ['hf:yuvraj108c/float@main'] })).folder);
    await isTiny((await get({ name: 'by-page', from: [`${hub.url}/yuvraj108c/float`] })).folder);
    expect(offers.length).toBe(3);
    await isTiny((await get({ name: 'folder', from: [fixture('tiny')] })).folder);
    await isTiny((await get({ name: 'synthetic', from: [golden('tiny/weights.json')] })).folder);
    expect(offers.length).toBe(3);
    expect(await installedNames(home)).toEqual(['by-address', 'by-hub', 'by-page', 'folder', 'synthetic']);
    await expect(get({ name: 'again', from: [join(home, 'weights/folder')] })).resolves.toBeDefined();
    await expect(get({ name: 'folder', from: [join(home, 'weights/folder')] })).rejects.toThrow(
      'what would be replaced',
    );
    await isTiny(join(home, 'weights/folder'));
  });

  it.each<[string, Partial<GetOptions>, RegExp]>([
    ['no source', { name: 'mine' }, /^mine: expected --from, or the name published$/],
    ['a name that leads elsewhere', { name: '../x', from: ['x'] }, /^"\.\.\/x": expected a name of letters/],
    ['the name of what ships', { name: 'demo', from: ['x'] }, /^"demo": expected a name/],
    ['a path that leads nowhere', { from: ['nowhere.pth'] }, /^nowhere\.pth: cannot read: no such file/],
    [
      'no address',
      { from: ['hf:float'] },
      /^--from: expected hf:OWNER\/NAME or hf:OWNER\/NAME@REVISION, got hf:float$/,
    ],
    [
      'a protocol of others',
      { from: ['ftp://x/y'] },
      /^--from: expected https:\/\/…, hf:OWNER\/NAME or a path, got/,
    ],
    [
      'a repository without weights',
      { from: ['hf:a/empty'] },
      /^hf:a\/empty: expected files of a checkpoint, found none$/,
    ],
    ['weights of something else', { from: ['hf:a/other'] }, /there is nothing of FLOAT in it$/],
    ['a part alone', { name: 'x', from: [`hf:a/emotion`] }, /emotion|missing/],
  ])('%s: one line, and nothing is kept that is ready', async (_, options, says) => {
    hub.repositories.set('a/empty', new Map([['README.md', Buffer.from('x')]]));
    const header = Buffer.from('{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}');
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    hub.repositories.set(
      'a/other',
      new Map([['model.safetensors', Buffer.concat([length, header, Buffer.alloc(4)])]]),
    );
    hub.repositories.set(
      'a/emotion',
      new Map([['model.safetensors', parts.get(`${emotionFolder}/model.safetensors`)!]]),
    );
    const error = await get(options).catch((thrown: Error) => thrown);
    expect((error as Error).message).toMatch(says);
    expect((error as Error).message).not.toContain('\n');
    expect(await installedNames(home)).toEqual([]);
    if (hub.requests.length === 0) nothingIsKept();
  });

  it('fetches nothing and leaves no trace when the licences are not accepted', async () => {
    await expect(get({ accept: () => Promise.reject(new Error('no')) })).rejects.toThrow('no');
    expect(fetched()).toEqual([]);
    nothingIsKept();
  });

  it('says in one line what all sources said, and how to do it by hand', async () => {
    hub.repositories.clear();
    await expect(get()).rejects.toThrow(
      /^no source has it: \S+set-soft\S+: 401 .*; \S+yuvraj108c\S+: 401 .*; or fetch float\.pth from https:\/\/drive\S+ yourself and run: float weights get published --from float\.pth$/,
    );
    nothingIsKept();
  });

  it('goes on with the part that was under way, and converts none twice', async () => {
    hub.repositories.delete('set-soft/float');
    hub.faults.set(`${emotionFolder}/model.safetensors`, [
      { drop: 30_000 },
      ...(Array(9).fill({ status: 500 }) as []),
    ]);
    await expect(get()).rejects.toThrow(/500: the server has failed; tried 6 times/);
    expect(await findInstalled('published', home)).toBeUndefined();
    hub.faults.clear();
    hub.requests.length = 0;
    await isTiny((await get()).folder);
    expect(fetched().some((path) => path.includes('float.pth'))).toBe(false);
    expect(hub.requests.some(({ range }) => range === 'bytes=30000-')).toBe(true);
  });

  it('ends right when it is stopped at ten random moments', async () => {
    hub.repositories.delete('set-soft/float');
    const total = [...parts.values()].reduce((sum, { length }) => sum + length, 0);
    hub.pace = { wait: 0, bytes: 8192 };
    hub.sent = 0;
    for (let k = 0; k < 10; k++) {
      const abort = new AbortController();
      const at = hub.sent + Math.random() * (total / 5);
      hub.onSent = (sent) => void (sent >= at && abort.abort());
      // Some moments fall into converting.
      const onConvert = () => void (Math.random() < 0.002 && abort.abort());
      const stopped = await get({ signal: abort.signal, onConvert }).catch((error: Error) => error);
      if (!(stopped instanceof Error)) await removeWeights('published', home);
      else expect(stopped.name).toBe('AbortError');
      expect(await findInstalled('published', home)).toBeUndefined();
    }
    hub.onSent = undefined;
    await isTiny((await get()).folder);
    expect(await unfinishedNames(home)).toEqual(new Map());
  });

  it('keeps the old weights until the new ones are ready', async () => {
    await get();
    const before = below(join(home, 'weights'));
    hub.faults.set('FLOAT.safetensors', [{ status: 404 }]);
    await expect(get({ dtype: 'f16', from: ['hf:set-soft/float'] })).rejects.toThrow('404');
    expect(below(join(home, 'weights'))).toBe(before);
    await isTiny(join(home, 'weights/published'));
    await get({ dtype: 'f16', from: ['hf:set-soft/float'] });
    await isTiny(join(home, 'weights/published'), 'F16');
    expect(await removeWeights('published', home)).toBeGreaterThan(single.length / 2);
    await expect(removeWeights('published', home)).rejects.toThrow('there are no weights published');
  });

  it('is not done twice at once', async () => {
    // Either may be the first.
    const calls = await Promise.allSettled([get(), get()]);
    expect(calls.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(calls.flatMap((call) => (call.status === 'rejected' ? [String(call.reason)] : []))).toEqual([
      expect.stringMatching(/published is being made by process \d+; if that is something else, remove /),
    ]);
    // A lock of a process that does not run any more counts for nothing.
    await makeFolders(join(home, 'unfinished/x'));
    writeFileSync(join(home, 'unfinished/x/lock'), '999999999');
    await get({ name: 'x', from: [fixture('tiny')] });
  });

  it('finds what was changed afterwards', async () => {
    const { folder } = await get();
    const path = join(folder, 'weights.safetensors');
    const bytes = readFileSync(path);
    bytes[bytes.length - 3]! ^= 1;
    writeFileSync(path, bytes);
    const cure = 'float weights remove published, then float weights get published';
    await expect(verifyInstalled('published', { home })).rejects.toThrow(
      new RegExp(`weights\\.safetensors: damaged: expected SHA-256 \\w+, got \\w+: ${cure}$`),
    );
    writeFileSync(path, bytes.subarray(1));
    await expect(findInstalled('published', home)).rejects.toThrow(`got ${bytes.length - 1}: ${cure}`);
    rmSync(join(folder, 'installed.json'));
    await expect(findInstalled('published', home)).rejects.toThrow('there is no installed.json');
    // Getting it again heals it.
    await isTiny((await get()).folder);
  });
});

function below(folder: string): number {
  if (!existsSync(folder)) return 0;
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
