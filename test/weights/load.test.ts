import { copyFile, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { openFileSource } from '../../src/node/file-source.js';
import { openWeights } from '../../src/node/weights.js';
import { loadWeights } from '../../src/weights/load.js';
import { publishedConfig } from '../../src/weights/published-config.js';
import { openSafetensors, writeSafetensors } from '../../src/weights/safetensors.js';
import { memorySource } from '../../src/weights/source.js';
import { goldenBytes, goldenJson, goldenPath, rejection } from './golden.js';

const tiny = { json: goldenJson('tiny/weights.json'), name: 'tiny' };
const tinyFile = goldenPath('tiny/weights.safetensors');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'float-weights-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('openFileSource', () => {
  it('reads ranges', async () => {
    const path = join(folder, 'bytes');
    await writeFile(path, new Uint8Array([1, 2, 3, 4, 5]));
    const source = await openFileSource(path);
    expect(source.size).toBe(5);
    expect([...(await source.read(1, 3))]).toEqual([2, 3, 4]);
    expect([...(await source.read(5, 0))]).toEqual([]);
    expect(await rejection(source.read(3, 3), InputError)).toBe(
      `${path}: expected 3 bytes from byte 3, but the file has 5 bytes`,
    );
    await source.close();
  });

  it('reads past 4 GiB', async () => {
    const path = join(folder, 'sparse');
    const handle = await open(path, 'w');
    await handle.write(new Uint8Array([7, 8]), 0, 2, 5 * 2 ** 30);
    await handle.close();
    const source = await openFileSource(path);
    expect([...(await source.read(5 * 2 ** 30 - 1, 3))]).toEqual([0, 7, 8]);
    await source.close();
  });

  it('notices that a file was cut while it was open', async () => {
    const path = join(folder, 'cut');
    await writeFile(path, new Uint8Array(100));
    const source = await openFileSource(path);
    await writeFile(path, new Uint8Array(10));
    expect(await rejection(source.read(0, 50), InputError)).toContain('became shorter');
    await source.close();
  });

  it('refuses what is not a file', async () => {
    expect(await rejection(openFileSource(join(folder, 'none')), InputError)).toContain('cannot read: no such file');
    expect(await rejection(openFileSource(folder), InputError)).toContain('got a directory');
  });
});

describe('loadWeights', () => {
  it('takes the configuration given', async () => {
    const { model, weights } = await loadWeights(goldenBytes('tiny/weights.safetensors'), { config: tiny });
    expect(model.config.dim_h).toBe(36);
    expect((await weights.read('fmt.pos_embed')).length).toBe(13 * 36);
  });

  it('takes the published configuration without another', async () => {
    const message = await rejection(loadWeights(goldenBytes('tiny/weights.safetensors')), InputError);
    expect(message).toContain('misshapen');
    const empty = memorySource('empty', writeSafetensors({}));
    expect((await loadWeights(empty, { parts: [] })).model).toBe(publishedConfig);
  });

  it('takes the configuration in the metadata, if it is one', async () => {
    const load = (config: string) =>
      loadWeights(memorySource('w', writeSafetensors({}, { config })), { parts: [] });
    expect((await load(JSON.stringify(tiny.json))).model.config.dim_h).toBe(36);
    expect((await load('about something else')).model).toBe(publishedConfig);
    expect((await load('{"model_type":"x"}')).model).toBe(publishedConfig);
    expect(await rejection(load('{"config":{}}'), InputError)).toContain('w: __metadata__: config: config.');
  });
});

describe('openWeights', () => {
  it('opens a golden set, stored or synthetic, and its directory', async () => {
    const stored = await openSafetensors(goldenBytes('tiny/weights.safetensors'));
    for (const name of ['tiny/weights.safetensors', 'tiny/weights.json', 'tiny']) {
      const opened = await openWeights(goldenPath(name));
      expect(opened.model.config.dim_h).toBe(36);
      expect(await opened.weights.read('fmt.pos_embed')).toEqual(await stored.read('fmt.pos_embed'));
      await opened.close();
    }
  });

  it('makes the full-size weights of golden/full on demand', async () => {
    const opened = await openWeights(goldenPath('full'));
    expect(opened.model).toEqual(publishedConfig);
    expect(opened.weights.tensors.size).toBe(909);
    expect((await opened.weights.read('audio_encoder.audio_projection.0.weight')).length).toBe(512 * 9216);
    await opened.close();
  });

  it('prefers config.json beside the file, and an explicit configuration to both', async () => {
    const path = join(folder, 'weights.safetensors');
    const config = join(folder, 'config.json');
    await copyFile(tinyFile, path);
    await writeFile(config, JSON.stringify(tiny.json));
    const beside = await openWeights(folder);
    expect(beside.model.config.dim_h).toBe(36);
    await beside.close();
    await writeFile(config, '{"config": 3}');
    expect(await rejection(openWeights(path), InputError)).toBe(
      `${config}: config: expected an object, got 3`,
    );
    const opened = await openWeights(path, { configPath: goldenPath('tiny/weights.json') });
    expect(opened.model.config.dim_h).toBe(36);
    await opened.close();
  });

  it('says what is missing', async () => {
    const none = join(folder, 'none.safetensors');
    expect(await rejection(openWeights(none), InputError)).toBe(`${none}: cannot read: no such file or directory`);
    const empty = await mkdtemp(join(folder, 'empty-'));
    expect(await rejection(openWeights(empty), InputError)).toContain('expected weights.safetensors,');
    const configPath = join(folder, 'none.json');
    expect(await rejection(openWeights(tinyFile, { configPath }), InputError)).toContain('none.json: cannot read');
  });
});
