import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import {
  mlpWidth,
  parseConfig,
  resolutions,
  windowFrames,
  type ModelConfig,
} from '../../src/weights/config.js';
import { publishedConfig } from '../../src/weights/published-config.js';
import { goldenJson } from './golden.js';

const tiny = () => structuredClone(parseConfig(goldenJson('tiny/weights.json'), 'tiny'));

/** The message for the tiny configuration with one change. */
function messageFor(change: (model: ModelConfig) => void): string {
  const model = tiny();
  change(model);
  try {
    parseConfig(model, 'c.json');
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new Error('expected an InputError');
}

/** Puts a value of any kind into a field. */
function put(object: object, key: string, value: unknown): void {
  Object.assign(object, { [key]: value });
}

describe('parseConfig', () => {
  it('reads the golden configurations and drops other keys', () => {
    const model = tiny();
    expect(model.config.channels).toEqual({ 4: 20, 8: 20, 16: 18, 32: 14, 64: 10 });
    expect(model.emotion.num_labels).toBe(7);
    expect(Object.keys(model)).toEqual(['config', 'wav2vec2', 'emotion']);
    expect(model.emotion).not.toHaveProperty('pooling_mode');
  });

  it('has the published configuration', () => {
    expect(parseConfig(goldenJson('full/weights.json'), 'full')).toEqual(publishedConfig);
    expect(parseConfig(publishedConfig, 'published')).toEqual(publishedConfig);
  });

  const faults: [string, (model: ModelConfig) => void, string][] = [
    [
      'a missing field',
      (m) => delete (m.config as Partial<typeof m.config>).dim_h,
      'config.dim_h is missing (expected an integer from 1 to 65536)',
    ],
    ['a missing part', (m) => delete (m as Partial<ModelConfig>).emotion, 'emotion is missing'],
    ['a part of another kind', (m) => put(m, 'wav2vec2', 3), 'wav2vec2: expected an object, got 3'],
    [
      'a text for a number',
      (m) => put(m.config, 'fps', '25'),
      'config.fps: expected an integer from 1 to 1000, got "25"',
    ],
    [
      'a fraction',
      (m) => put(m.wav2vec2, 'hidden_size', 1.5),
      'wav2vec2.hidden_size: expected an integer from 1 to 65536, got 1.5',
    ],
    ['zero', (m) => put(m.config, 'wav2vec_sec', 0), 'config.wav2vec_sec: expected a number above 0, at most'],
    [
      'absurd depth',
      (m) => put(m.emotion, 'num_hidden_layers', 1e9),
      'emotion.num_hidden_layers: expected an integer from 1 to 512, got 1000000000',
    ],
    [
      'another norm',
      (m) => put(m.wav2vec2, 'feat_extract_norm', 'batch'),
      'wav2vec2.feat_extract_norm: expected "group" or "layer", got "batch"',
    ],
    [
      'an entry of a list',
      (m) => put(m.wav2vec2.conv_dim, '2', 0),
      'wav2vec2.conv_dim.2: expected an integer from 1 to 65536, got 0',
    ],
    ['an empty list', (m) => put(m.wav2vec2, 'conv_dim', []), 'wav2vec2.conv_dim: expected 1 to 64 integers, got []'],
    ['a null', (m) => put(m.config, 'channels', null), 'config.channels: expected an object of channels'],
    [
      'a number for a flag',
      (m) => put(m.emotion, 'conv_bias', 1),
      'emotion.conv_bias: expected true or false, got 1',
    ],
    [
      'another blur',
      (m) => put(m.config, 'blur_kernel', [1, 2, 1]),
      'config.blur_kernel.1: expected [1, 3, 3, 1], got 2',
    ],
    ['a negative window', (m) => put(m.config, 'attention_window', -1), 'config.attention_window: expected'],
  ];
  it.each(faults)('refuses %s', (_, change, message) => {
    const got = messageFor(change);
    expect(got).toContain(`c.json: ${message}`);
    expect(got).not.toContain('\n');
  });

  it.each([[null], [3], ['config'], [[]]])('refuses %j', (json) => {
    expect(() => parseConfig(json, 'c.json')).toThrow(/^c\.json: (expected a JSON object|config is missing)/);
  });

  const contradictions: [string, (model: ModelConfig) => void, string][] = [
    ['a size that is no power of two', (m) => (m.config.input_size = 96), 'input_size 96 is not a power'],
    ['channels that are missing', (m) => delete m.config.channels[32], 'config.channels has no entry "32"'],
    ['a larger picture', (m) => (m.config.input_size = 128), 'config.channels has no entry "128"'],
    ['latents of two widths', (m) => (m.config.dim_a = 21), 'style_dim 20, dim_w 20 and dim_a 21 differ'],
    ['too many directions', (m) => (m.config.dim_m = 21), 'config.dim_m 21 is more than style_dim 20'],
    ['too many names', (m) => (m.config.directions = Array<string>(99).fill('jaw')), 'directions has 99 names'],
    ['heads', (m) => (m.config.num_heads = 5), 'config.dim_h 36 is not divisible by num_heads 5'],
    ['an empty window', (m) => (m.config.wav2vec_sec = 0.03), 'wav2vec_sec 0.03 is less than a frame'],
    ['a short window', (m) => (m.config.num_prev_frames = 11), 'more than the 10 frames of a window'],
    ['no MLP', (m) => (m.config.mlp_ratio = 0.01), 'config.mlp_ratio 0.01 leaves'],
    ['other labels', (m) => (m.config.dim_e = 8), 'config.dim_e 8 and emotion.num_labels 7 differ'],
    ['unequal lists', (m) => m.wav2vec2.conv_stride.pop(), 'wav2vec2.conv_dim, conv_kernel and conv_stride have 7, 7, 6'],
    [
      'encoder heads',
      (m) => (m.emotion.num_attention_heads = 3),
      'emotion.hidden_size 20 is not divisible by num_attention_heads 3',
    ],
    [
      'encoder groups',
      (m) => (m.wav2vec2.num_conv_pos_embedding_groups = 5),
      'wav2vec2.hidden_size 24 is not divisible by num_conv_pos_embedding_groups 5',
    ],
  ];
  it.each(contradictions)('finds %s impossible', (_, change, message) => {
    const got = messageFor(change);
    expect(got).toContain('c.json: impossible configuration: ');
    expect(got).toContain(message);
  });
});

describe('derived sizes', () => {
  it('truncates the window as float64 has it', () => {
    const frames = (wav2vec_sec: number, fps: number) => windowFrames({ ...tiny().config, wav2vec_sec, fps });
    expect(frames(0.4, 25)).toBe(10);
    expect(frames(2, 25)).toBe(50);
    expect(frames(0.29, 100)).toBe(28);
    expect(frames(0.999, 25)).toBe(24);
  });

  it('gives resolutions and the MLP width', () => {
    expect(resolutions(tiny().config)).toEqual([4, 8, 16, 32, 64]);
    expect(mlpWidth({ ...tiny().config, dim_h: 36, mlp_ratio: 1.4 })).toBe(50);
  });
});
