import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALL_FORMATS, BufferSource, Input } from 'mediabunny';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { partialName, writeAtomically, writeWhole } from '../../src/node/partial-file.js';
import { writeSafetensorsFile } from '../../src/node/safetensors-file.js';
import { createVideoWriter } from '../../src/node/video.js';
import { memorySource } from '../../src/weights/source.js';
import { openSafetensors, writeSafetensors } from '../../src/weights/safetensors.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'float-destination-'));
});
afterEach(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);
const posix = process.platform !== 'win32';

describe('a temporary name', () => {
  it.each([
    ['ASCII', `${'x'.repeat(251)}.mp4`],
    ['two bytes a character', `${'é'.repeat(125)}e.mp4`],
    ['three', `${'肖'.repeat(83)}ab.mp4`],
    ['four', `${'👩'.repeat(62)}abc.mp4`],
  ])('is taken where a name of 255 bytes is: %s', async (_, name) => {
    expect(Buffer.byteLength(name)).toBe(255);
    const partial = partialName(name);
    expect(Buffer.byteLength(partial)).toBeLessThanOrEqual(255);
    expect(partial.length).toBeLessThanOrEqual(Math.max(100, name.length));
    expect(Buffer.from(partial).toString()).toBe(partial);
    await writeAtomically(at(name), Buffer.from('whole'));
    expect(readdirSync(folder)).toEqual([name]);
    await expect(writeAtomically(at(`x${name}`), Buffer.from('whole'))).rejects.toThrow(
      /: the name is too long$/,
    );
  });

  it('keeps a short name whole', () => {
    expect(partialName('out.mp4')).toMatch(/^out\.mp4\.partial-\d+-[0-9a-f]{6}$/);
  });
});

describe.runIf(posix)('links', () => {
  it('are written through, and stay', async () => {
    writeFileSync(at('target'), 'old');
    symlinkSync('target', at('link'));
    symlinkSync('not yet', at('ahead'));
    symlinkSync(at('ahead'), at('longer'));
    await writeAtomically(at('link'), Buffer.from('new'));
    await writeAtomically(at('longer'), Buffer.from('first'));
    expect([readlinkSync(at('link')), readFileSync(at('target'), 'utf8')]).toEqual(['target', 'new']);
    expect([readlinkSync(at('ahead')), readFileSync(at('not yet'), 'utf8')]).toEqual(['not yet', 'first']);
    expect(lstatSync(at('longer')).isSymbolicLink()).toBe(true);
  });

  it('of the other kind keep the old content, and a file its permissions', async () => {
    writeFileSync(at('file'), 'old');
    linkSync(at('file'), at('second name'));
    chmodSync(at('file'), 0o640);
    await writeAtomically(at('file'), Buffer.from('new'));
    expect([readFileSync(at('second name'), 'utf8'), readFileSync(at('file'), 'utf8')]).toEqual([
      'old',
      'new',
    ]);
    expect(statSync(at('file')).mode & 0o777).toBe(0o640);
  });
});

describe.runIf(posix)('a named pipe', () => {
  /** Makes a pipe and reads it from `after` milliseconds on; resolves with all that came out. */
  function pipe(after: number): { path: string; content: Promise<Buffer> } {
    const path = at('pipe');
    execFileSync('mkfifo', [path]);
    const reader = spawn('sh', ['-c', `sleep ${after / 1000}; exec cat "$0"`, path], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const chunks: Buffer[] = [];
    reader.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    return {
      path,
      content: new Promise((done) => reader.on('close', () => done(Buffer.concat(chunks)))),
    };
  }

  it('takes what is written, once somebody reads it', async () => {
    const { path, content } = pipe(200);
    let waits = 0;
    await writeWhole(path, Buffer.from('whole'), { onWait: () => waits++ });
    expect((await content).toString()).toBe('whole');
    expect(waits).toBe(1);
    expect(lstatSync(path).isFIFO()).toBe(true);
    expect(readdirSync(folder)).toEqual(['pipe']);
  });

  it('is not waited for when told to stop', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    const abort = new AbortController();
    const written = writeWhole(at('pipe'), Buffer.from('whole'), {
      signal: abort.signal,
      onWait: () => abort.abort(),
    });
    await expect(written).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('takes weights in order', async () => {
    const { path, content } = pipe(0);
    const values = Float32Array.from({ length: 50_000 }, (_, i) => i);
    const file = writeSafetensors({
      a: { shape: [1], data: Float32Array.of(7) },
      b: { shape: [50_000], data: values },
    });
    const source = await openSafetensors(memorySource('memory', file));
    await writeSafetensorsFile(path, source, { dtype: 'F32', names: ['a', 'b'] });
    const read = await openSafetensors(memorySource('pipe', await content));
    expect(Buffer.from((await read.read('b')).buffer).equals(Buffer.from(values.buffer))).toBe(true);
  });

  it('takes a video in fragments, which plays', async () => {
    const { path, content } = pipe(0);
    const video = await createVideoWriter(path, { width: 16, height: 16, fps: 25 });
    for (let i = 0; i < 120; i++)
      await video.addFrame({ width: 16, height: 16, data: new Uint8Array(768).fill(i) });
    const facts = await video.close();
    const bytes = await content;
    expect(facts).toEqual({
      frames: 120,
      fps: 25,
      duration: 4.8,
      width: 16,
      height: 16,
      bytes: bytes.length,
    });
    using input = new Input({ source: new BufferSource(bytes), formats: ALL_FORMATS });
    const track = await input.getPrimaryVideoTrack();
    expect((await track?.computePacketStats())?.packetCount).toBe(120);
    expect(bytes.toString('latin1').split('moof').length - 1).toBeGreaterThan(2);
  });

  it('that is closed early is told in one line', async () => {
    const path = at('pipe');
    execFileSync('mkfifo', [path]);
    const reader = spawn('head', ['-c', '10', path], { stdio: 'ignore' });
    const closed = new Promise((done) => reader.on('close', done));
    const big = Buffer.alloc(2 ** 20);
    await expect(writeWhole(path, big).then(() => writeWhole(path, big))).rejects.toThrow(
      /^cannot write .*pipe: nobody reads it any more$/,
    );
    await closed;
  });
});
