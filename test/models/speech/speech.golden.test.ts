import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAudioEncoder } from '../../../src/models/speech/audio-encoder.js';
import { createEmotionEncoder } from '../../../src/models/speech/emotion-encoder.js';
import type { HostTensor } from '../../../src/runtime/evaluate.js';
import type { Gpu } from '../../../src/runtime/gpu.js';
import { closeGpu } from '../../../src/runtime/gpu.js';
import { parseConfig } from '../../../src/weights/config.js';
import { openSafetensors } from '../../../src/weights/safetensors.js';
import type { WeightSource } from '../../../src/weights/source.js';
import { expectClose } from '../../compare.js';
import { openTestGpu } from '../../fixtures.js';
import { goldenBytes, goldenJson, rejection } from '../../weights/golden.js';
import { InputError } from '../../../src/base/errors.js';
import { allowedError } from '../../../src/verify/compare.js';

const model = parseConfig(goldenJson('tiny/audio.json'), 'tiny/audio.json');

let gpu: Gpu;
let weights: WeightSource;
let wave: Float32Array;
beforeAll(async () => {
  gpu = await openTestGpu();
  weights = await openSafetensors(goldenBytes('tiny/weights.safetensors'));
  wave = await (await openSafetensors(goldenBytes('tiny/audio.safetensors'))).read('in.wave');
});
afterAll(() => closeGpu(gpu));

/** Every tensor that the stage stores, within what `float verify` allows. */
async function expectGolden(stage: string, taps: ReadonlyMap<string, HostTensor>) {
  const golden = await openSafetensors(goldenBytes(`tiny/${stage}.safetensors`));
  const { tensors } = goldenJson(`tiny/${stage}.json`) as {
    tensors: Record<string, { shape: number[]; torch_f32_error: number }>;
  };
  expect([...golden.tensors.keys()].sort()).toEqual(Object.keys(tensors).sort());
  for (const [name, { shape, torch_f32_error }] of Object.entries(tensors)) {
    const ours = taps.get(name);
    expect(ours?.shape, `shape of ${name}`).toEqual(shape);
    expectClose(name, ours?.data ?? [], await golden.read(name), allowedError(torch_f32_error));
  }
}

describe('golden/tiny', () => {
  it('audio: speech to audio features', async () => {
    const encoder = await createAudioEncoder(gpu, weights, model);
    const taps = new Map<string, HostTensor>();
    const wa = await encoder.encode(wave, { taps });
    await expectGolden('audio', taps);
    expect(wa).toEqual(taps.get('wa')?.data);
    expect(await encoder.encode(wave)).toEqual(wa);
    encoder.destroy();
  });

  it('emotion: speech to probabilities', async () => {
    const encoder = await createEmotionEncoder(gpu, weights, model.emotion);
    const taps = new Map<string, HostTensor>();
    const we = await encoder.classify(wave, { taps });
    await expectGolden('emotion', taps);
    expect(we).toEqual(taps.get('probabilities')?.data);
    encoder.destroy();
  });
});

describe('speech encoders', () => {
  it('take clips of any length from one sample on, and give all memory back', async () => {
    const before = gpu.memory.bytes;
    const audio = await createAudioEncoder(gpu, weights, model);
    const emotion = await createEmotionEncoder(gpu, weights, model.emotion);
    const d = model.config.dim_a;
    for (const [samples, frames] of [
      [1, 1],
      [640, 1],
      [641, 2],
      [5000, 8],
    ] as const) {
      const wa = await audio.encode(wave.subarray(0, samples));
      expect(wa.length).toBe(frames * d);
      expect(wa.every(Number.isFinite)).toBe(true);
    }
    for (const samples of [400, 719, 720]) {
      const we = await emotion.classify(wave.subarray(0, samples));
      expect(we.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 6);
    }
    audio.destroy();
    emotion.destroy();
    expect(gpu.memory.bytes).toBe(before);
  });

  it('refuse clips without sound in them', async () => {
    const audio = await createAudioEncoder(gpu, weights, model);
    const emotion = await createEmotionEncoder(gpu, weights, model.emotion);
    expect(await rejection(audio.encode(new Float32Array(0)), InputError)).toContain('at least one sample');
    expect(await rejection(emotion.classify(wave.subarray(0, 399)), InputError)).toContain(
      '400 samples, got 399',
    );
    expect(await rejection(audio.encode(new Float32Array(900).fill(NaN)), InputError)).toContain('finite');
    audio.destroy();
    emotion.destroy();
  });
});
