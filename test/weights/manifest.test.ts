import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { checkWeights, completeParts, isIgnorable, leftOut, strangers } from '../../src/weights/check.js';
import { parseConfig } from '../../src/weights/config.js';
import { canonicalName, expectedTensors, isUnused, modelParts, partOf } from '../../src/weights/manifest.js';
import type { TensorInfo, WeightSource } from '../../src/weights/source.js';
import { syntheticWeights } from '../../src/weights/synthetic.js';
import { goldenJson, rejection } from './golden.js';

const tinyJson = goldenJson('tiny/weights.json');
const tinyModel = parseConfig(tinyJson, 'tiny');

/** A source with the tiny manifest after some changes; reading gives the name's length. */
function source(change: (tensors: Map<string, TensorInfo>) => void = () => {}): WeightSource {
  const tensors = new Map<string, TensorInfo>();
  for (const [name, shape] of expectedTensors(tinyModel)) tensors.set(name, { dtype: 'F32', shape });
  change(tensors);
  return { name: 'w', tensors, read: (name) => Promise.resolve(new Float32Array([name.length])) };
}

const faultOf = (...args: Parameters<typeof checkWeights>) =>
  rejection(
    new Promise((resolve) => resolve(checkWeights(...args))),
    InputError,
  );

describe('expectedTensors', () => {
  it.each(['tiny', 'full'])('equals the golden names and shapes of %s', (variant) => {
    const json = goldenJson(`${variant}/weights.json`) as { tensors: Record<string, { shape: number[] }> };
    const expected = expectedTensors(parseConfig(json, variant));
    const golden = Object.entries(json.tensors).map(([name, { shape }]) => [name, shape]);
    expect([...expected].sort()).toEqual(golden.sort());
  });

  it('gives every tensor a part', () => {
    const parts = new Set([...expectedTensors(tinyModel).keys()].map(partOf));
    expect([...parts]).toEqual([...modelParts]);
  });
});

describe('names', () => {
  it('knows the tensors without effect', () => {
    const unused = [...expectedTensors(tinyModel).keys()].filter(isUnused);
    expect(unused.filter((name) => name.endsWith('.noise.weight')).length).toBe(9);
    expect(unused.filter((name) => name.includes('.to_rgb1.')).length).toBe(3);
    expect(unused.length).toBe(12);
  });

  it('takes both spellings of the weight-normalised convolution', () => {
    const conv = 'audio_encoder.wav2vec2.encoder.pos_conv_embed.conv';
    expect(canonicalName(`${conv}.parametrizations.weight.original0`)).toBe(`${conv}.weight_g`);
    expect(canonicalName(`${conv}.parametrizations.weight.original1`)).toBe(`${conv}.weight_v`);
    expect(canonicalName(`${conv}.bias`)).toBe(`${conv}.bias`);
  });

  it.each([
    'audio_encoder.wav2vec2.masked_spec_embed',
    'audio_encoder.lm_head.weight',
    'emotion_encoder.wav2vec2_for_emotion.wav2vec2.masked_spec_embed',
    'emotion_encoder.wav2vec2_for_emotion.quantizer.codevectors',
    'audio_encoder.project_hid.bias',
    'audio_encoder.project_q.weight',
    'motion_autoencoder.dec.convs.0.conv.blur.kernel',
    'fmt.alignment_mask',
  ])('ignores %s', (name) => {
    expect(isIgnorable(name)).toBe(true);
    const extra = source((tensors) => tensors.set(name, { dtype: 'BOOL', shape: [3] }));
    expect(checkWeights(extra, tinyModel).tensors.has(name)).toBe(false);
  });

  it.each(['fmt.kernel', 'audio_encoder.wav2vec2.lm_headless', 'fmt.blocks.0.attn.qkv.weight'])(
    'does not ignore %s',
    (name) => {
      expect(isIgnorable(name)).toBe(false);
    },
  );

  it('ignores no tensor of the model', () => {
    expect([...expectedTensors(tinyModel).keys()].filter(isIgnorable)).toEqual([]);
  });
});

describe('checkWeights', () => {
  it('reads under canonical names', async () => {
    const position = 'audio_encoder.wav2vec2.encoder.pos_conv_embed.conv';
    const stored = `${position}.parametrizations.weight.original0`;
    const checked = checkWeights(
      source((tensors) => {
        tensors.set(stored, tensors.get(`${position}.weight_g`)!);
        tensors.delete(`${position}.weight_g`);
      }),
      tinyModel,
    );
    expect([...checked.tensors.keys()].sort()).toEqual([...expectedTensors(tinyModel).keys()].sort());
    expect([...(await checked.read(`${position}.weight_g`))]).toEqual([stored.length]);
  });

  it('does without tensors that have no effect', () => {
    const names = [...expectedTensors(tinyModel).keys()].filter(isUnused);
    const checked = checkWeights(
      source((tensors) => names.forEach((name) => tensors.delete(name))),
      tinyModel,
    );
    expect(checked.tensors.size).toBe(287 - 12);
  });

  it('counts and names what is wrong, in one line', async () => {
    const broken = source((tensors) => {
      for (let i = 0; i < 5; i++) tensors.delete(`motion_autoencoder.enc.fc.${i}.bias`);
      tensors.set('fmt.blocks.7.attn.qkv.bias', { dtype: 'F32', shape: [1] });
      tensors.set('fmt.nonsense\n', { dtype: 'F32', shape: [1] });
      tensors.set('fmt.pos_embed', { dtype: 'F32', shape: [13, 36] });
    });
    expect(await faultOf(broken, tinyModel)).toBe(
      'w: the weights do not fit the configuration: ' +
        '5 missing tensors: "motion_autoencoder.enc.fc.0.bias", "motion_autoencoder.enc.fc.1.bias", ' +
        '"motion_autoencoder.enc.fc.2.bias", …; 2 unexpected tensors: "fmt.blocks.7.attn.qkv.bias", "fmt.nonsense\\n"; ' +
        '1 misshapen tensor: "fmt.pos_embed" (expected [1, 13, 36], got [13, 36])',
    );
  });

  it('asks for the given parts only, but tolerates no misfit in the others', async () => {
    const partial = (shape: number[]) =>
      source((tensors) => {
        for (const name of tensors.keys()) if (partOf(name) !== 'fmt') tensors.delete(name);
        tensors.set('audio_encoder.audio_projection.0.bias', { dtype: 'F32', shape });
      });
    expect(checkWeights(partial([20]), tinyModel, { parts: ['fmt'] }).tensors.has('fmt.pos_embed')).toBe(true);
    expect(await faultOf(partial([20]), tinyModel, { parts: ['fmt', 'audio_encoder'] })).toContain('missing');
    expect(await faultOf(partial([21]), tinyModel, { parts: ['fmt'] })).toContain('1 misshapen');
  });

  it('leaves out what no model of the kind has, and refuses a bias that only another has', () => {
    const conv = 'audio_encoder.wav2vec2.feature_extractor.conv_layers.0.conv';
    const extra = source((tensors) => tensors.set('fmt.pose.weight', { dtype: 'C64', shape: [1] }));
    expect(checkWeights(extra, tinyModel).tensors.has('fmt.pose.weight')).toBe(false);
    expect(strangers(leftOut(extra))).toEqual(['fmt.pose.weight']);
    const biased = source((tensors) => tensors.set(`${conv}.bias`, { dtype: 'F32', shape: [1] }));
    expect(() => checkWeights(biased, tinyModel)).toThrow(`1 unexpected tensor: "${conv}.bias"`);
  });

  it('refuses weights in a kind that weights cannot have', () => {
    const quantised = source((tensors) => {
      tensors.set('fmt.c_embedder.bias', { ...tensors.get('fmt.c_embedder.bias')!, dtype: 'I8' });
    });
    expect(() => checkWeights(quantised, tinyModel)).toThrow(
      'w: expected weights in F32, F16 or BF16, but "fmt.c_embedder.bias" has dtype I8',
    );
  });

  it.each([
    [['audio_encoder.wav2vec2.'], 'w: the wav2vec2 folder is missing: give wav2vec2-base-960h '],
    [['emotion_encoder.'], 'w: the emotion folder is missing: give wav2vec-english-speech-emotion-recognition '],
    [['fmt.'], 'w: the fmt tensors of float.pth are missing'],
    [['motion_autoencoder.', 'fmt.', 'audio_encoder.audio_projection.'], 'w: float.pth is missing: '],
  ])('says in words that all of %s is missing', async (starts, says) => {
    const partial = source((tensors) => {
      for (const name of tensors.keys()) if (starts.some((start) => name.startsWith(start))) tensors.delete(name);
    });
    const message = await faultOf(partial, tinyModel);
    expect(message.slice(0, says.length)).toBe(says);
    expect(message).not.toContain('missing tensors');
  });

  it('says that there is nothing of FLOAT', async () => {
    const other = source((tensors) => {
      tensors.clear();
      tensors.set('model.diffusion\n', { dtype: 'F16', shape: [1] });
    });
    expect(await faultOf(other, tinyModel)).toBe(
      'w: not a checkpoint of FLOAT: none of its tensors is one of the model\'s ("model.diffusion\\n", …)',
    );
  });

  it('refuses one tensor under two names', async () => {
    const conv = 'audio_encoder.wav2vec2.encoder.pos_conv_embed.conv';
    const twice = source((tensors) =>
      tensors.set(`${conv}.parametrizations.weight.original0`, { dtype: 'F32', shape: [1, 1, 16] }),
    );
    expect(await faultOf(twice, tinyModel)).toContain('are the same tensor');
  });
});

describe('completeParts', () => {
  it('names the parts that are whole', () => {
    expect(completeParts(syntheticWeights(tinyJson, 'tiny'), tinyModel)).toEqual([...modelParts]);
    const partial = source((tensors) => {
      tensors.delete('fmt.pos_embed');
      tensors.delete('motion_autoencoder.dec.conv1.noise.weight');
      tensors.set('emotion_encoder.wav2vec2_for_emotion.classifier.dense.bias', { dtype: 'F32', shape: [1] });
    });
    expect(completeParts(partial, tinyModel)).toEqual(['motion_autoencoder', 'audio_encoder']);
  });
});
