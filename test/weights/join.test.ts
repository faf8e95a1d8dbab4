import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { openCheckpointFile, type CheckpointFile } from '../../src/weights/formats.js';
import { joinConfigs, joinWeights } from '../../src/weights/join.js';
import { joinCheckpoint } from '../../src/weights/load.js';
import { publishedConfig } from '../../src/weights/published-config.js';
import { writeSafetensors } from '../../src/weights/safetensors.js';
import { memorySource } from '../../src/weights/source.js';
import { goldenBytes, goldenJson, rejection } from './golden.js';
import { fixture, fixtureBytes } from './torch-fixtures.js';
import { torchArchive } from './torch-writer.js';

const json = (name: string): unknown => JSON.parse(new TextDecoder().decode(bytesOf(name)));
const bytesOf = (name: string) => new Uint8Array(readFileSync(fixture(name)));

const speech = 'tiny/wav2vec2-base-960h';
const emotion = 'tiny/wav2vec-english-speech-emotion-recognition';

async function tinyFiles(): Promise<[own: CheckpointFile, speech: CheckpointFile, emotion: CheckpointFile]> {
  const open = (file: string, config: string) =>
    openCheckpointFile(fixtureBytes(file), { json: json(config), name: config });
  return [
    await open('tiny/float.pth', 'tiny/config.json'),
    await open(`${speech}/pytorch_model.bin`, `${speech}/config.json`),
    await open(`${emotion}/model.safetensors`, `${emotion}/config.json`),
  ];
}

/** A file with these tensors, each holding one number, and the configuration beside it. */
async function file(name: string, tensors: Record<string, number>, config?: unknown): Promise<CheckpointFile> {
  const data = Object.entries(tensors).map(([key, value]) => [
    key,
    { shape: [1], data: Float32Array.of(value) },
  ]) as [string, { shape: number[]; data: Float32Array }][];
  const bytes = memorySource(name, writeSafetensors(new Map(data)));
  return openCheckpointFile(bytes, config === undefined ? undefined : { json: config, name: `${name}.json` });
}

describe('a checkpoint as people have it, written by PyTorch', () => {
  it('is golden/tiny, bit by bit, whatever the order of its files', async () => {
    const golden = await openCheckpointFile(goldenBytes('tiny/weights.safetensors'));
    const files = await tinyFiles();
    for (const order of [files, files.toReversed()]) {
      const { model, weights } = joinCheckpoint(order);
      expect(model).toEqual(joinConfigs([], { json: goldenJson('tiny/weights.json'), name: 'tiny' }));
      expect([...weights.tensors.keys()].sort()).toEqual([...golden.weights.tensors.keys()].sort());
      for (const name of golden.weights.tensors.keys()) {
        expect(await weights.read(name)).toEqual(await golden.weights.read(name));
      }
    }
  });

  it('is found incomplete without one of them', async () => {
    const [own, speech] = await tinyFiles();
    const config = { json: goldenJson('tiny/weights.json'), name: 'tiny' };
    expect(() => joinCheckpoint([own, speech], { config })).toThrow(
      /^tiny\/float\.pth, tiny\/wav2vec2.*: the emotion folder is missing: give wav2vec-english/,
    );
    expect(joinCheckpoint([own, speech], { config, parts: ['audio_encoder', 'fmt'] }).model.config.dim_h).toBe(36);
  });
});

describe('joinWeights', () => {
  it('places what Hugging Face saved', async () => {
    const names = async (tensors: Record<string, number>) => [
      ...joinWeights([await file('a', tensors)]).tensors.keys(),
    ];
    const [norm, bias] = ['encoder.layer_norm.weight', 'feature_projection.projection.bias'];
    expect(await names({ [`wav2vec2.${norm}`]: 1, 'lm_head.weight': 2 })).toEqual([
      `audio_encoder.wav2vec2.${norm}`,
      'lm_head.weight',
    ]);
    expect(await names({ [norm]: 1, [bias]: 2 })).toEqual([
      `audio_encoder.wav2vec2.${norm}`,
      `audio_encoder.wav2vec2.${bias}`,
    ]);
    expect(await names({ [`wav2vec2.${norm}`]: 1, 'classifier.dense.bias': 2 })).toEqual([
      `emotion_encoder.wav2vec2_for_emotion.wav2vec2.${norm}`,
      'emotion_encoder.wav2vec2_for_emotion.classifier.dense.bias',
    ]);
  });

  it('prefers what FLOAT’s own file holds, in either spelling', async () => {
    const conv = 'wav2vec2.encoder.pos_conv_embed.conv';
    const own = await file('own', { [`audio_encoder.${conv}.parametrizations.weight.original0`]: 1 });
    const other = await file('other', { [`${conv}.weight_g`]: 2, [`${conv}.bias`]: 3 });
    const joined = joinWeights([other, own]);
    expect([...joined.tensors.keys()]).toEqual([
      `audio_encoder.${conv}.weight_g`,
      `audio_encoder.${conv}.bias`,
    ]);
    expect([...(await joined.read(`audio_encoder.${conv}.bias`))]).toEqual([3]);
    expect(await rejection(joined.read('x'), InputError)).toBe('other, own: there is no tensor "x"');
  });

  it('refuses a tensor in two files of one kind', async () => {
    const tensor = { 'fmt.pos_embed': 1 };
    const [a, b] = [await file('a', tensor), await file('b', { 'module.fmt.pos_embed': 1 })];
    expect(() => joinWeights([a, b])).toThrow('a and b both hold "module.fmt.pos_embed": give one of them');
    // What the model does without may be there twice.
    const other = await file('b', { 'fmt.alignment_mask': 1 });
    expect([...joinWeights([await file('a', { ...tensor, 'fmt.alignment_mask': 1 }), other]).tensors.keys()]).toEqual([
      'fmt.pos_embed',
      'fmt.alignment_mask',
    ]);
  });

  it.each([NaN, Infinity, -Infinity])('refuses %s when it is read, by the name of the file and the tensor', async (value) => {
    const own = await file('own', { 'module.fmt.pos_embed': value, 'fmt.c_embedder.bias': 1 });
    const joined = joinWeights([await file('other', { 'wav2vec2.encoder.layer_norm.bias': 1 }), own]);
    expect(await rejection(joined.read('fmt.pos_embed'), InputError)).toBe(
      `own: tensor "module.fmt.pos_embed": element 0 is ${value}, expected finite numbers`,
    );
    expect([...(await joined.read('fmt.c_embedder.bias'))]).toEqual([1]);
  });
});

describe('joinConfigs', () => {
  const labels = { id2label: { 0: 'a', 1: 'b', 2: 'c', 3: 'd', 4: 'e', 5: 'f', 6: 'g' } };
  const wav2vec2 = { 'wav2vec2.encoder.layer_norm.bias': 1 };
  const classifier = { ...wav2vec2, 'classifier.dense.bias': 1 };

  it('takes the published sizes unless files say otherwise', async () => {
    expect(joinConfigs([await file('a', { 'fmt.pos_embed': 1 }), await file('b', wav2vec2)])).toBe(publishedConfig);
    // Other programs leave a config.json beside weights too.
    const beside = await file('a', { 'fmt.pos_embed': 1 }, { model_type: 'x' });
    expect(joinConfigs([beside])).toBe(publishedConfig);
    const model = joinConfigs([
      await file('a', wav2vec2, { model_type: 'wav2vec2', num_hidden_layers: 5 }),
      await file('b', classifier, { hidden_size: 64, num_attention_heads: 2, ...labels }),
    ]);
    expect(model.wav2vec2).toEqual({ ...publishedConfig.wav2vec2, num_hidden_layers: 5 });
    // What the file does not state is as in wav2vec2-base.
    expect(model.emotion).toEqual({
      ...publishedConfig.wav2vec2,
      hidden_size: 64,
      num_attention_heads: 2,
      num_labels: 7,
    });
    expect(model.config).toEqual(publishedConfig.config);
  });

  it('lets a configuration of FLOAT’s own state them, in part or in full', async () => {
    const speech = await file('a', wav2vec2, { num_hidden_layers: 5 });
    const emotion = await file('b', classifier, { ...labels, num_hidden_layers: 3 });
    const { wav2vec2: base, ...rest } = publishedConfig;
    const full = { json: { ...rest, wav2vec2: base }, name: 'full' };
    expect(joinConfigs([speech, emotion], full)).toEqual(publishedConfig);
    const own = { json: { config: { ...publishedConfig.config, fmt_depth: 2 } }, name: 'own' };
    const model = joinConfigs([speech, emotion], own);
    expect([model.config.fmt_depth, model.wav2vec2.num_hidden_layers, model.emotion.num_hidden_layers]).toEqual([
      2, 5, 3,
    ]);
    // Where there is no such tensor, which is told elsewhere, any sizes will do.
    expect(joinConfigs([speech], own).emotion).toEqual(publishedConfig.emotion);
    const held = await file('c', { 'emotion_encoder.wav2vec2_for_emotion.classifier.dense.bias': 1 });
    expect(() => joinConfigs([speech, held], own)).toThrow('own: emotion is missing');
  });

  it('names the file and the field at fault', async () => {
    const fails = async (tensors: Record<string, number>, config: unknown) => {
      const files = [await file('a', tensors, config)];
      return rejection(
        Promise.resolve().then(() => joinConfigs(files)),
        InputError,
      );
    };
    expect(await fails(wav2vec2, { hidden_act: 'relu' })).toBe('a.json: hidden_act: expected "gelu", got "relu"');
    expect(await fails(wav2vec2, { layer_norm_eps: 1 })).toBe('a.json: layer_norm_eps: expected 0.00001, got 1');
    expect(await fails(wav2vec2, { hidden_size: 'x' })).toContain('a.json: wav2vec2.hidden_size: expected an integer');
    expect(await fails(wav2vec2, [])).toBe('a.json: expected a JSON object');
    expect(await fails(classifier, { id2label: { 0: 'a' } })).toContain('dim_e 7 and emotion.num_labels 1 differ');
    expect(await fails({ 'fmt.pos_embed': 1 }, { wav2vec2: {} })).toContain('a.json: config is missing');
    expect(await fails({ 'fmt.pos_embed': 1 }, [])).toBe('a.json: expected a JSON object');
  });
});

describe('loading a single file', () => {
  it('takes a float.pth with everything in it', async () => {
    const golden = (await openCheckpointFile(goldenBytes('tiny/weights.safetensors'))).weights;
    const tensors: Record<string, { shape: readonly number[]; data: Float32Array }> = {};
    for (const [name, { shape }] of golden.tensors) tensors[name] = { shape, data: await golden.read(name) };
    const whole = await openCheckpointFile(memorySource('float.pth', torchArchive(tensors, { zip64: true })));
    const { weights } = joinCheckpoint([whole], { config: { json: goldenJson('tiny/weights.json'), name: 'tiny' } });
    expect(weights.tensors.size).toBe(golden.tensors.size);
    for (const name of weights.tensors.keys()) expect(await weights.read(name)).toEqual(await golden.read(name));
  });
});
