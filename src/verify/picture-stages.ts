import type { Portrait } from '../models/autoencoder/motion-autoencoder.js';
import { pictureTensor } from '../media/picture-tensor.js';
import { createMotionAutoencoder } from '../models/autoencoder/motion-autoencoder.js';
import type { MotionAutoencoder } from '../models/autoencoder/motion-autoencoder.js';
import type { FrameSimilarity, PictureComparison } from './compare.js';
import { compareFrames, comparePictures } from './compare.js';
import type { GoldenFiles, GoldenStage } from './golden-set.js';
import type { StageContext, StageResult } from './stage.js';
import { required } from './stage.js';

/** `image.png` → identity latent, motion, features. */
export async function verifyEncode({ float, files }: StageContext): Promise<StageResult> {
  const autoencoder = await createMotionAutoencoder(
    float.gpu,
    float.weights,
    float.model.config,
    float.precision,
  );
  try {
    const image = await imageOf(files);
    const { inner, sR, lambda, rS } = await autoencoder.encode(image, { taps: true });
    const results = { image, s_r: sR, lambda, r_s: rS };
    return { tensors: new Map<string, Float32Array>([...inner, ...Object.entries(results)]) };
  } finally {
    autoencoder.destroy();
  }
}

/** The stored latent and the features of `image.png` → a frame, with every layer on the way. */
export async function verifyDecode(context: StageContext, stage: GoldenStage): Promise<StageResult> {
  return withPortrait(context, ({ autoencoder, portrait }) =>
    withJudge(context, stage, async (judge) => {
      const names = [...stage.tensors.keys()].filter((name) => name !== 'latent');
      const decoder = await autoencoder.openDecoder(portrait, { taps: names });
      const latent = await stage.read('latent');
      const rgba = await decoder.decode(latent);
      const tensors = new Map(Object.entries(await decoder.read(names)));
      return { tensors, pictures: await judge('decode.frame.png', rgba, latent) };
    }),
  );
}

/** The stored motion → the frames the set keeps (`frame.N`), in floats and in bytes. */
export async function verifyAnimate(context: StageContext, stage: GoldenStage): Promise<StageResult> {
  return withPortrait(context, ({ autoencoder, portrait }) =>
    withJudge(context, stage, async (judge) => {
      const d = context.float.model.config.style_dim;
      const motion = await stage.read('in.sample');
      const decoder = await autoencoder.openDecoder(portrait, { taps: ['frame'] });
      const tensors = new Map<string, Float32Array>();
      const pictures: (PictureComparison | FrameSimilarity)[] = [];
      for (const name of stage.tensors.keys()) {
        const index = Number(/^frame\.(\d+)$/.exec(name)?.[1]);
        if (Number.isNaN(index)) continue;
        context.onStatus(`animate ${name} …`);
        const latent = portrait.sR.map((value, i) => value + (motion[index * d + i] ?? NaN));
        const rgba = await decoder.decode(latent);
        tensors.set(name, (await decoder.read(['frame']))['frame'] ?? new Float32Array());
        pictures.push(...(await judge(`animate.frame${index}.png`, rgba, latent)));
      }
      return { tensors, pictures };
    }),
  );
}

interface Opened {
  readonly autoencoder: MotionAutoencoder;
  readonly portrait: Portrait;
}

async function withPortrait(
  { float, files, onStatus }: StageContext,
  use: (opened: Opened) => Promise<StageResult>,
): Promise<StageResult> {
  const { gpu, weights, model, precision } = float;
  const autoencoder = await createMotionAutoencoder(gpu, weights, model.config, precision);
  try {
    const portrait = await autoencoder.encode(await imageOf(files));
    onStatus('decode …');
    return await use({ autoencoder, portrait });
  } finally {
    autoencoder.destroy();
  }
}

async function imageOf(files: GoldenFiles): Promise<Float32Array<ArrayBuffer>> {
  return pictureTensor(await required(files, 'image.png', files.picture('image.png')));
}

/** Compares the frame drawn from a latent with what it should be. */
type Judge = (
  file: string,
  rgba: Uint8Array,
  latent: Float32Array<ArrayBuffer>,
) => Promise<(PictureComparison | FrameSimilarity)[]>;

/**
 * In f32 a frame is compared with the PNG of the set, if it has one; in f16 with the frame of the same latent in f32.
 */
async function withJudge(
  context: StageContext,
  { name }: GoldenStage,
  use: (judge: Judge) => Promise<StageResult>,
): Promise<StageResult> {
  const { float, files } = context;
  const rgbOf = (rgba: Uint8Array) => rgba.filter((_, i) => i % 4 !== 3);
  if (float.precision !== 'f16') {
    return use(async (file, rgba) => {
      const golden = await files.picture(file);
      return golden ? [comparePictures(name, file, rgbOf(rgba), golden.data)] : [];
    });
  }
  return withPortrait({ ...context, float: { ...float, precision: 'f32' } }, async (exact) => {
    const decoder = await exact.autoencoder.openDecoder(exact.portrait);
    return use(async (file, rgba, latent) => [
      compareFrames(name, file, rgbOf(rgba), rgbOf(await decoder.decode(latent))),
    ]);
  });
}
