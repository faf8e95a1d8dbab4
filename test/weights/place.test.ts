import { describe, expect, it } from 'vitest';
import { placeTensors } from '../../src/weights/place.js';
import { expectedTensors } from '../../src/weights/manifest.js';
import { publishedConfig } from '../../src/weights/published-config.js';
import type { WeightSource } from '../../src/weights/source.js';

const all = [...expectedTensors(publishedConfig)];
const emotion = 'emotion_encoder.wav2vec2_for_emotion.';

/** A file with these tensors. */
function file(tensors: Iterable<readonly [string, readonly number[]]>, name = 'x.safetensors'): WeightSource {
  const infos = [...tensors].map(([key, shape]) => [key, { dtype: 'F32', shape }] as const);
  return { name, tensors: new Map(infos), read: () => Promise.reject(new Error('not read')) };
}

const below = (root: string) =>
  all.filter(([name]) => name.startsWith(root)).map(([name, shape]) => [name.slice(root.length), shape] as const);
const under = (prefix: string, list: readonly (readonly [string, readonly number[]])[] = all) =>
  list.map(([name, shape]) => [prefix + name, shape] as const);

describe('placeTensors', () => {
  it.each(['', 'module.', '_orig_mod.', 'model.', 'module._orig_mod.', 'state_dict.model.module.', 'ema.', 'G.'])(
    'takes every tensor under the prefix "%s"',
    (prefix) => {
      const { origin, names, copies } = placeTensors(file(under(prefix)));
      expect(origin).toBe('float');
      expect([...names]).toEqual(all.map(([name]) => [name, prefix + name]));
      expect(copies).toEqual([]);
    },
  );

  it('drops what wrappers put into the middle of names', () => {
    const inner = all.map(([name, shape]) => [name.replace(/^(\w+)\.(\w+)/, '$1.module.$2._orig_mod'), shape] as const);
    const placed = placeTensors(file(inner)).names;
    expect([...placed.keys()]).toEqual(all.map(([name]) => name));
  });

  it.each([
    ['motion_autoencoder.', 'float'],
    ['motion_autoencoder.enc.', 'float'],
    ['motion_autoencoder.dec.', 'float'],
    ['audio_encoder.', 'float'],
    ['audio_encoder.audio_projection.', 'float'],
    ['audio_encoder.wav2vec2.', 'wav2vec2'],
    ['emotion_encoder.', 'float'],
    [emotion, 'emotion'],
    ['fmt.', 'float'],
  ])('knows the part %s by itself, its names without that', (root, origin) => {
    for (const prefix of ['', 'module.']) {
      const placed = placeTensors(file(under(prefix, below(root))));
      expect(placed.origin).toBe(origin);
      expect([...placed.names.keys()]).toEqual(all.map(([name]) => name).filter((name) => name.startsWith(root)));
    }
  });

  it('tells the wav2vec2 of the emotion encoder by the name of its file, where nothing else does', () => {
    const root = `${emotion}wav2vec2.`;
    for (const [name, expected] of [
      ['parts/emotion_encoder.safetensors', root],
      ['wav2vec-english-speech-emotion-recognition/model.safetensors', root],
      ['emotions/parts/audio.safetensors', 'audio_encoder.wav2vec2.'],
    ] as const) {
      const [first] = [...placeTensors(file(below(root), name)).names.keys()];
      expect(first?.startsWith(expected)).toBe(true);
    }
  });

  it('takes a projection only for what has its shapes', () => {
    const linear = [
      ['0.weight', [8, 4]],
      ['0.bias', [8]],
      ['1.weight', [8]],
      ['1.bias', [8]],
    ] as const;
    const places = (list: readonly (readonly [string, readonly number[]])[]) => placeTensors(file(list)).names.size;
    expect(places(linear)).toBe(4);
    expect(places(under('projection.', linear).concat([['fmt.pos_embed', [1]]]))).toBe(5);
    expect(places([...linear.slice(0, 2), ['1.weight', [8, 8]], ['1.bias', [8]]])).toBe(0);
    expect(places([...linear, ['fmt.pos_embed', [1]]])).toBe(1);
    expect(places(under('head.', linear).concat([['fmt.pos_embed', [1]]]))).toBe(1);
  });

  it('of several copies takes the average, then the plain one, then the first', () => {
    const stored = (...prefixes: string[]) => {
      const one = prefixes.map((prefix) => [`${prefix}fmt.pos_embed`, [1]] as const);
      const { names, copies } = placeTensors(file(one));
      return [names.get('fmt.pos_embed'), copies];
    };
    expect(stored('', 'ema.')).toEqual(['ema.fmt.pos_embed', ['']]);
    expect(stored('model.', 'model_ema.', '')).toEqual(['model_ema.fmt.pos_embed', ['model', '']]);
    expect(stored('old.', '')).toEqual(['fmt.pos_embed', ['old']]);
    expect(stored('b.', 'a.')).toEqual(['b.fmt.pos_embed', ['a']]);
    expect(() => stored('', 'module.')).toThrow('x.safetensors: "fmt.pos_embed" and "module.fmt.pos_embed" are the same tensor');
  });

  it('leaves others where they are', () => {
    const others = ['step', 'rng_state', 'optimizer.state.0.exp_avg', 'lm_head.weight', 'fmt.alignment_mask', 'n_averaged'];
    expect(placeTensors(file(others.map((name) => [name, [1]] as const))).names.size).toBe(0);
  });
});
