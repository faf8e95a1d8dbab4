import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWeightsFiles } from '../../src/browser/weights.js';
import { InputError } from '../../src/base/errors.js';
import { makeFolders } from '../../src/node/make-folders.js';
import { openWeights } from '../../src/node/weights.js';
import { openSafetensors, writeSafetensors } from '../../src/weights/safetensors.js';
import { goldenBytes, goldenJson, rejection } from './golden.js';
import { fixture } from './torch-fixtures.js';
import { torchArchive } from './torch-writer.js';

const published = fixture('tiny');
const speech = 'wav2vec2-base-960h';
const emotion = 'wav2vec-english-speech-emotion-recognition';
type Tensors = Record<string, { shape: readonly number[]; data: Float32Array }>;
const all: Tensors = {};
let folder: string;
let number = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'float-folders-'));
  const golden = await openSafetensors(goldenBytes('tiny/weights.safetensors'));
  for (const [name, { shape }] of golden.tensors) all[name] = { shape, data: await golden.read(name) };
});
afterAll(() => rm(folder, { recursive: true }));

/** A new folder with these files. */
async function made(files: Record<string, Uint8Array | string>, config: unknown = goldenJson('tiny/weights.json')) {
  const path = join(folder, String(number++));
  const given = config === null ? files : { ...files, 'config.json': JSON.stringify(config) };
  for (const [name, bytes] of Object.entries(given)) {
    await makeFolders(dirname(join(path, name)));
    await writeFile(join(path, name), bytes);
  }
  return path;
}

/** The tensors whose names begin so, without that. */
const below = (root: string): Tensors =>
  Object.fromEntries(
    Object.entries(all)
      .filter(([name]) => name.startsWith(root))
      .map(([name, tensor]) => [name.slice(root.length), tensor]),
  );

/** Opens it and compares with golden/tiny. */
async function isTiny(path: string) {
  const opened = await openWeights(path);
  expect([...opened.weights.tensors.keys()].sort()).toEqual(Object.keys(all).sort());
  const differ: string[] = [];
  for (const [name, { data }] of Object.entries(all)) {
    const values = await opened.weights.read(name);
    if (!Buffer.from(values.buffer).equals(Buffer.from(data.buffer))) differ.push(name);
  }
  expect(differ).toEqual([]);
  await opened.close();
  return opened;
}

const shard = (tensors: Tensors, part: 0 | 1) =>
  writeSafetensors(Object.fromEntries(Object.entries(tensors).filter((_, i) => i % 2 === part)));

describe('a folder', () => {
  it('may hold FLOAT.safetensors, in whatever capitals, beside what is no configuration of it', async () => {
    await isTiny(await made({ 'FLOAT.safetensors': writeSafetensors(all), 'notes.txt': 'x' }));
    const config = JSON.stringify(goldenJson('tiny/weights.json'));
    const inside = writeSafetensors(all, { config });
    await isTiny(await made({ 'Float.safetensors': inside }, null));
    await isTiny(await made({ 'FLOAT.safetensors': inside, 'float.pth': 'not read' }, { model_type: 'x' }));
    const sizes = await rejection(openWeights(await made({ 'FLOAT.safetensors': writeSafetensors(all) }, null)), InputError);
    expect(sizes).toContain('(the published sizes, since no configuration came with it)');
  });

  it('may hold the parts by themselves, whole names or not, in folders or not', async () => {
    const { leftOut } = await isTiny(
      await made({
        'motion_autoencoder.safetensors': writeSafetensors(below('motion_autoencoder.')),
        'fmt.pth': torchArchive({ ...below('fmt.'), alignment_mask: { shape: [1], data: new Float32Array(1) } }),
        'audio_encoder.safetensors': writeSafetensors(below('audio_encoder.')),
        'emotion_encoder.safetensors': writeSafetensors(below('emotion_encoder.')),
        'optimizer.pt': 'not read',
      }),
    );
    expect(leftOut).toEqual(['alignment_mask']);
    const config = JSON.stringify(goldenJson('tiny/weights.json'));
    const configured = (root: string) => writeSafetensors(below(root), { config });
    await isTiny(
      await made(
        {
          'encoder/a.safetensors': configured('motion_autoencoder.enc.'),
          'decoder/b.safetensors': configured('motion_autoencoder.dec.'),
          'fmt/model.safetensors': configured('fmt.'),
          'projection/model.safetensors': configured('audio_encoder.audio_projection.'),
          'audio/wav2vec2.safetensors': configured('audio_encoder.wav2vec2.'),
          'audio/emotion.safetensors': configured('emotion_encoder.wav2vec2_for_emotion.'),
        },
        null,
      ),
    );
  });

  it('may hold shards, with their index or without', async () => {
    const [first, second] = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
    const files = { [first]: shard(all, 0), [second]: shard(all, 1) };
    const weight_map = Object.fromEntries(Object.keys(all).map((name, i) => [name, i % 2 === 0 ? first : second]));
    const index = { 'model.safetensors.index.json': JSON.stringify({ metadata: {}, weight_map }) };
    await isTiny(await made(files));
    const indexed = await made({ ...files, ...index });
    await isTiny(indexed);
    await isTiny(join(indexed, 'model.safetensors.index.json'));
    const half = await made({ [first]: files[first]!, ...index });
    expect(await rejection(openWeights(half), InputError)).toBe(
      `${join(half, second)} is missing, which ${join(half, 'model.safetensors.index.json')} lists`,
    );
    const rest = await made({ [second]: files[second]! });
    expect(await rejection(openWeights(rest), InputError)).toBe(
      `${join(rest, first)} is missing, one of 2 files that make ${join(rest, 'model.safetensors')}`,
    );
    const outside = await made({ 'model.safetensors.index.json': '{"weight_map": {"a": "../b.safetensors"}}' });
    expect(await rejection(openWeights(outside), InputError)).toContain('expected names of files beside it');
  });

  it('may hold Hugging Face’s in shards, of which only one has the classifier', async () => {
    const path = await made({}, null).then(() => join(folder, `shards-${number}`));
    await cp(published, path, { recursive: true });
    const model = join(path, emotion, 'model.safetensors');
    const source = below('emotion_encoder.wav2vec2_for_emotion.');
    await rm(model);
    await writeFile(join(path, emotion, 'model-00001-of-00002.safetensors'), shard(source, 0));
    await writeFile(join(path, emotion, 'model-00002-of-00002.safetensors'), shard(source, 1));
    await isTiny(path);
  });

  it.each([
    [speech, undefined, 'the wav2vec2 folder is missing: give wav2vec2-base-960h'],
    [emotion, undefined, 'the emotion folder is missing: give wav2vec-english-speech-emotion-recognition'],
    [emotion, { parts: ['motion_autoencoder', 'audio_encoder', 'fmt'] as const }, undefined],
    [speech, { parts: ['motion_autoencoder'] as const }, undefined],
  ])('without %s is refused where it is needed', async (missing, options, says) => {
    const path = join(folder, `without-${number++}`);
    await cp(published, path, { recursive: true });
    await rm(join(path, missing), { recursive: true });
    if (says === undefined) await (await openWeights(path, options)).close();
    else expect(await rejection(openWeights(path, options), InputError)).toContain(says);
  });

  it('names the file and the tensor that is not finite, or misshapen, in whichever file it is', async () => {
    const path = join(folder, `broken-${number++}`);
    await cp(published, path, { recursive: true });
    const name = 'wav2vec2.encoder.layer_norm.bias';
    const tensors = below('emotion_encoder.wav2vec2_for_emotion.');
    const model = join(path, emotion, 'model.safetensors');
    await writeFile(model, writeSafetensors({ ...tensors, [name]: { ...tensors[name]!, data: new Float32Array(20).fill(NaN) } }));
    const opened = await openWeights(path);
    const whole = `emotion_encoder.wav2vec2_for_emotion.${name}`;
    expect(await rejection(opened.weights.read(whole), InputError)).toContain(`${model}: tensor "${name}": element 0 is NaN`);
    await opened.close();
    await writeFile(model, writeSafetensors({ ...tensors, [name]: { shape: [2], data: new Float32Array(2) } }));
    expect(await rejection(openWeights(path), InputError)).toContain(`"${whole}" in ${model} (expected [20], got [2])`);
  });

  it('says what it could be', async () => {
    const page = await made({ 'float.pth': '<!doctype html><title>Log in</title>' });
    expect(await rejection(openWeights(page), InputError)).toContain('float.pth: a web page (HTML) titled "Log in"');
    const unfinished = await made({ 'float.pth.crdownload': 'PK' });
    expect(await rejection(openWeights(unfinished), InputError)).toMatch(/: float\.pth\.crdownload is an unfinished download$/);
    const config = join(published, 'config.json');
    expect(await rejection(openWeights(config), InputError)).toContain('config.json: expected weights, got other JSON');
  });
});

describe('files in a browser', () => {
  it('may be shards, and lack the emotion encoder where none is heard', async () => {
    const file = async (path: string) => new File([await readFile(join(published, path))], path.split('/').at(-1)!);
    const files = await Promise.all(['float.pth', 'config.json'].map(file));
    const source = below('audio_encoder.wav2vec2.');
    const names = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
    const shards = names.map((name, i) => new File([shard(source, i as 0 | 1)], name));
    const config = await file(`${speech}/config.json`);
    const parts = ['motion_autoencoder', 'audio_encoder', 'fmt'] as const;
    const { weights } = await openWeightsFiles([...files, ...shards, config], { parts });
    expect(await weights.read('audio_encoder.wav2vec2.encoder.layer_norm.bias')).toEqual(
      all['audio_encoder.wav2vec2.encoder.layer_norm.bias']!.data,
    );
    const without = openWeightsFiles([...files, ...shards, config]);
    expect(await rejection(without, InputError)).toContain('the emotion folder is missing');
    expect(await rejection(openWeightsFiles([...files, shards[0]!, config], { parts }), InputError)).toBe(
      'model-00002-of-00002.safetensors is missing, one of 2 files that make model.safetensors',
    );
  });
});
