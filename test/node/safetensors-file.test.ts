import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { writeSafetensorsFile } from '../../src/node/safetensors-file.js';
import { openSafetensors, writeSafetensors } from '../../src/weights/safetensors.js';
import { memorySource } from '../../src/weights/source.js';
import { rejection } from '../weights/golden.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'float-write-'));
});
afterAll(() => rm(folder, { recursive: true }));

const tensors = {
  a: { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
  b: { shape: [0], data: new Float32Array() },
  c: { shape: [], data: Float32Array.of(-0.5) },
};
const whole = writeSafetensors(tensors, { note: 'x' });
const source = () => openSafetensors(memorySource('x.safetensors', whole));

describe('writeSafetensorsFile', () => {
  it('writes what writeSafetensors makes, and tells how far it is', async () => {
    const path = join(folder, 'a.safetensors');
    const told: number[][] = [];
    const options = { dtype: 'F32', names: ['a', 'b', 'c'], metadata: { note: 'x' } } as const;
    const onBytes = (done: number, total: number) => told.push([done, total]);
    const size = await writeSafetensorsFile(path, await source(), { ...options, onBytes });
    expect(new Uint8Array(await readFile(path))).toEqual(whole);
    expect(size).toBe(whole.length);
    const header = whole.length - 20;
    expect(told.map(([done]) => done)).toEqual([header, header + 16, header + 16, header + 20]);
    expect(told.at(-1)).toEqual([size, size]);
    await rm(path);
  });

  it('leaves nothing behind when it is interrupted or fails', async () => {
    const path = join(folder, 'b.safetensors');
    const abort = new AbortController();
    const options = {
      dtype: 'F16',
      names: ['a', 'b'],
      onBytes: () => abort.abort(),
      signal: abort.signal,
    } as const;
    await expect(writeSafetensorsFile(path, await source(), options)).rejects.toThrow(/abort/i);
    const failing = { ...(await source()), read: () => Promise.reject(new InputError('unreadable')) };
    const message = await rejection(
      writeSafetensorsFile(path, failing, { dtype: 'F32', names: ['a'] }),
      InputError,
    );
    expect(message).toBe('unreadable');
    expect(await readdir(folder)).toEqual([]);
  });
});
