import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MotionAutoencoder, Portrait } from '../../../src/models/autoencoder/motion-autoencoder.js';
import { pictureTensor } from '../../../src/media/picture-tensor.js';
import { createMotionAutoencoder } from '../../../src/models/autoencoder/motion-autoencoder.js';
import { gridSampleReference } from '../../../src/ops/flow.js';
import type { Gpu } from '../../../src/runtime/gpu.js';
import { closeGpu, destroyTensor, uploadTensor } from '../../../src/runtime/gpu.js';
import { expectClose } from '../../compare.js';
import { openTestGpu } from '../../fixtures.js';
import { goldenStage, tinyFile, tinyWeights } from '../golden.js';

type Stage = Awaited<ReturnType<typeof goldenStage>>;

let gpu: Gpu;
let model: MotionAutoencoder;
let encode: Stage;
let decode: Stage;
let animate: Stage;
/** The golden portrait, so that the decoder's errors are its own. */
let portrait: Portrait;

beforeAll(async () => {
  gpu = await openTestGpu();
  encode = await goldenStage('encode');
  decode = await goldenStage('decode');
  animate = await goldenStage('animate');
  model = await createMotionAutoencoder(gpu, await tinyWeights(), encode.config);
  portrait = {
    sR: encode.tensor('s_r').data,
    lambda: encode.tensor('lambda').data,
    rS: encode.tensor('r_s').data,
    features: [0, 1, 2, 3].map((k) => {
      const { shape, data } = encode.tensor(`feats.${k}`);
      return uploadTensor(gpu, `feats.${k}`, shape, data);
    }),
  };
});
afterAll(() => closeGpu(gpu));

/** s_r + motion of frame `index` of the golden run. */
function animatedLatent(index: number): Float32Array<ArrayBuffer> {
  const d = portrait.sR.length;
  const motion = animate.tensor('in.sample').data.subarray(index * d, (index + 1) * d);
  return portrait.sR.map((value, i) => value + motion[i]!);
}

function expectPixels(rgba: Uint8Array, file: string): void {
  const golden = PNG.sync.read(Buffer.from(tinyFile(file))).data;
  expect(rgba.length).toBe(golden.length);
  const differences = [...rgba].map((value, i) => Math.abs(value - golden[i]!));
  expect(Math.max(...differences)).toBeLessThanOrEqual(1);
  expect(differences.filter((difference) => difference > 0).length).toBeLessThanOrEqual(0.001 * rgba.length);
}

describe('motion auto-encoder, against golden/tiny', () => {
  it('turns the portrait into the tensor the encoder takes', () => {
    const { width, height, data } = PNG.sync.read(Buffer.from(tinyFile('image.png')));
    const rgb = data.filter((_, i) => i % 4 !== 3);
    const image = pictureTensor({ width, height, data: rgb });
    expectClose('image', image, encode.tensor('image').data, encode.allowance('image'));
  });

  it('encodes: every tensor', async () => {
    const encoded = await model.encode(encode.tensor('image').data, { taps: true });
    expect([...encoded.inner.keys()].sort()).toEqual(
      [...encode.tensors.keys()].filter((name) => name !== 'image').sort(),
    );
    for (const [name, data] of encoded.inner) {
      expectClose(name, data, encode.tensor(name).data, encode.allowance(name));
    }
    expectClose('s_r', encoded.sR, encode.tensor('s_r').data, encode.allowance('s_r'));
    expectClose('lambda', encoded.lambda, encode.tensor('lambda').data, encode.allowance('lambda'));
    expectClose('r_s', encoded.rS, encode.tensor('r_s').data, encode.allowance('r_s'));
  });

  it('decodes: every tensor, and the picture', async () => {
    const decoder = await model.openDecoder(portrait, { taps: true });
    const pixels = await decoder.decode(decode.tensor('latent').data);
    const names = [...decode.tensors.keys()].filter((name) => name !== 'latent');
    const inner = await decoder.read(names);
    for (const name of names) {
      expectClose(name, inner[name]!, decode.tensor(name).data, decode.allowance(name));
    }
    expectPixels(pixels, 'decode.frame.png');
    decoder.destroy();
  });

  it('keeps the masks: what is warped is the sample times the mask', async () => {
    const names = [0, 1, 2, 3].flatMap((k) =>
      ['grid', 'mask', 'warped'].map((part) => `to_flows.${k}.${part}`),
    );
    const decoder = await model.openDecoder(portrait, { taps: names });
    await decoder.decode(decode.tensor('latent').data);
    const inner = await decoder.read(names);
    for (const k of [0, 1, 2, 3]) {
      const { shape, data } = encode.tensor(`feats.${k}`);
      const [, channels = 0, height = 0, width = 0] = shape;
      const size = { batch: 1, channels, height, width, positions: height * width };
      const mask = inner[`to_flows.${k}.mask`]!;
      expect(mask.length).toBe(height * width);
      expect(Math.min(...mask)).toBeGreaterThanOrEqual(0);
      const sampled = gridSampleReference(data, inner[`to_flows.${k}.grid`]!, size);
      const expected = sampled.map((value, i) => value * mask[i % mask.length]!);
      expectClose(`warped ${k}`, inner[`to_flows.${k}.warped`]!, expected, 2e-6);
    }
    decoder.destroy();
  });

  it('profiles the frame drawn last', async () => {
    const decoder = await model.openDecoder(portrait);
    const pixels = await decoder.decode(decode.tensor('latent').data);
    if (gpu.device.features.has('timestamp-query')) {
      const times = await decoder.profile();
      expect(times.filter(({ kernel }) => kernel === 'flow_grid').length).toBe(4);
    } else {
      await expect(decoder.profile()).rejects.toThrow('timestamp-query');
    }
    expect(await decoder.decode(decode.tensor('latent').data)).toEqual(pixels);
    decoder.destroy();
  });

  it('draws the frames of the golden run, one by one and overlapping', async () => {
    const decoder = await model.openDecoder(portrait, { taps: ['frame'] });
    const indices = [0, 12, 23];
    const overlapping = await Promise.all(indices.map((index) => decoder.decode(animatedLatent(index))));
    for (const [k, index] of indices.entries()) {
      const pixels = await decoder.decode(animatedLatent(index));
      const { frame } = await decoder.read(['frame']);
      expectClose(`frame ${index}`, frame!, animate.tensor(`frame.${index}`).data, animate.allowance(`frame.${index}`)); // prettier-ignore
      expectPixels(pixels, `animate.frame${index}.png`);
      expect(overlapping[k]).toEqual(pixels);
    }
    decoder.destroy();
  });

  it('draws a batch as it draws its frames', async () => {
    const d = portrait.sR.length;
    const indices = [0, 12, 23];
    const latents = new Float32Array(indices.length * d);
    indices.forEach((index, k) => latents.set(animatedLatent(index), k * d));
    const decoder = await model.openDecoder(portrait, { batch: indices.length, taps: ['frame'] });
    const pixels = await decoder.decode(latents);
    const frames = (await decoder.read(['frame'])).frame!;
    for (const [k, index] of indices.entries()) {
      const golden = animate.tensor(`frame.${index}`).data;
      const own = frames.subarray(k * golden.length, (k + 1) * golden.length);
      expectClose(`frame ${index}`, own, golden, animate.allowance(`frame.${index}`));
      const size = pixels.length / indices.length;
      expectPixels(pixels.subarray(k * size, (k + 1) * size), `animate.frame${index}.png`);
    }
    decoder.destroy();
  });

  it('frees what it made', async () => {
    const before = gpu.memory.bytes;
    const other = await createMotionAutoencoder(gpu, await tinyWeights(), encode.config);
    const encoded = await other.encode(encode.tensor('image').data);
    const decoder = await other.openDecoder(encoded);
    await other.openDecoder(encoded);
    decoder.destroy();
    other.destroy();
    expect(gpu.memory.bytes).toBe(before);
    portrait.features.forEach((feature) => destroyTensor(gpu, feature));
  });
});
