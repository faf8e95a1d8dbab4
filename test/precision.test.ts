import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { animate } from '../src/pipeline/animate.js';
import { InputError } from '../src/base/errors.js';
import { createFlowTransformer } from '../src/models/transformer/fmt.js';
import { pictureTensor } from '../src/media/picture-tensor.js';
import { createMotionAutoencoder } from '../src/models/autoencoder/motion-autoencoder.js';
import { checkPrecision } from '../src/models/precision.js';
import type { FloatModel } from '../src/pipeline/motion.js';
import type { Gpu } from '../src/runtime/gpu.js';
import { closeGpu } from '../src/runtime/gpu.js';
import type { Precision } from '../src/runtime/tensor.js';
import { sizeOf } from '../src/runtime/tensor.js';
import { peakSignalToNoise } from '../src/verify/compare.js';
import { needsFloat16, openTestGpu } from './fixtures.js';
import { demoModel, examplePortrait, exampleSpeech, tinyModel } from './model.js';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openTestGpu();
});
afterAll(() => closeGpu(gpu));

/** The first of a speech, and the frames it makes. */
async function framesOf(model: FloatModel, precision: Precision): Promise<Uint8Array[]> {
  const { sampleRate, channels } = await exampleSpeech('happy');
  const sound = { sampleRate, channels: channels.map((channel) => channel.slice(0, sampleRate)) };
  const frames: Uint8Array[] = [];
  for await (const { picture } of animate({ ...model, precision }, await examplePortrait(1), sound)) {
    frames.push(picture.data);
  }
  return frames;
}

describe('precision f16', () => {
  beforeEach((test) => needsFloat16(gpu, test));

  it.each([
    ['tiny', tinyModel],
    ['demo', demoModel],
  ])('draws the frames of f32 from the same speech, to 50 dB: %s', async (_, open) => {
    const model = await open(gpu);
    const exact = await framesOf(model, 'f32');
    const ours = await framesOf(model, 'f16');
    expect(ours).toHaveLength(25);
    expect(ours).not.toEqual(exact);
    const psnr = ours.map((frame, i) => peakSignalToNoise(frame, exact[i] ?? new Uint8Array()));
    expect(Math.min(...psnr)).toBeGreaterThanOrEqual(50);
  });

  it('halves the memory of the transformer’s matrices and of the pictures inside the decoder', async () => {
    const { weights, model } = await demoModel(gpu);
    const image = pictureTensor(await examplePortrait(1));
    const bytesIn = async (precision: Precision) => {
      const start = gpu.memory.bytes;
      const transformer = await createFlowTransformer(gpu, weights, model.config, precision);
      const transformerBytes = gpu.memory.bytes - start;
      transformer.destroy();
      const autoencoder = await createMotionAutoencoder(gpu, weights, model.config, precision);
      const loaded = gpu.memory.bytes;
      const encoded = await autoencoder.encode(image);
      const features = gpu.memory.bytes - loaded;
      const { scratchBytes } = await autoencoder.openDecoder(encoded);
      autoencoder.destroy();
      expect(gpu.memory.bytes).toBe(start);
      return { transformer: transformerBytes, features, scratch: scratchBytes };
    };
    const whole = await bytesIn('f32');
    const half = await bytesIn('f16');
    const matrices = [...weights.tensors].filter(
      ([name, { shape }]) => name.startsWith('fmt.') && shape.length === 2,
    );
    const elements = matrices.reduce((sum, [, { shape }]) => sum + sizeOf(shape), 0);
    expect(whole.transformer - half.transformer).toBe(2 * elements);
    expect(half.transformer / whole.transformer).toBeLessThan(0.51);
    expect(half.features).toBe(whole.features / 2);
    // Flow and colours stay f32.
    expect(half.scratch / whole.scratch).toBeLessThan(0.55);
  });
});

describe('an adapter without f16', () => {
  it('is refused with a line that names it', () => {
    const device = { features: new Set() } as unknown as GPUDevice;
    const adapter = { info: { description: 'Plain adapter' } } as GPUAdapter;
    const plain = { ...gpu, device, adapter };
    expect(() => checkPrecision(plain, 'f32')).not.toThrow();
    expect(() => checkPrecision(plain, 'f16')).toThrow(
      new InputError('precision f16: Plain adapter has no shader-f16, expected f32'),
    );
  });
});
