import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { animate } from '../../src/pipeline/animate.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import { gaussian, openTestGpu } from '../fixtures.js';
import { tinyModel } from '../model.js';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openTestGpu();
});
afterAll(() => closeGpu(gpu));

describe('a value that is not finite', () => {
  // Weights read from files are checked as they are read; these go bad afterwards, as a sum that overflows would.
  it.each([
    ['motion_autoencoder.enc.fc.4.bias', NaN, 'encoder: λ is not finite: element 0 is NaN'],
    [
      'audio_encoder.audio_projection.1.bias',
      Infinity,
      'audio encoder: wa is not finite: element 0 is Infinity',
    ],
    [
      'emotion_encoder.wav2vec2_for_emotion.classifier.out_proj.bias',
      NaN,
      'emotion encoder: logits is not finite',
    ],
    ['fmt.blocks.0.attn.qkv.bias', NaN, 'the vector field at t = 0 is not finite'],
    ['motion_autoencoder.dec.to_rgbs.0.bias', NaN, 'decoder: pixel 0, 0 of a frame is not finite'],
  ])('in %s is told with the stage', async (bad, value, message) => {
    const model = await tinyModel(gpu);
    const { weights } = model;
    expect(weights.tensors.has(bad)).toBe(true);
    const read = async (name: string) => {
      const data = await weights.read(name);
      if (name === bad) data[0] = value;
      return data;
    };
    const side = model.model.config.input_size;
    const portrait = { width: side, height: side, data: new Uint8Array(3 * side * side).fill(90) };
    const sound = { sampleRate: 16000, channels: [gaussian([3200], 1).data.map((sample) => sample / 8)] };
    const frames = animate({ ...model, weights: { ...weights, read } }, portrait, sound, { nfe: 2 });
    await expect(frames.next()).rejects.toThrow(message);
  });
});
