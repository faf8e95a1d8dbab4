import type { Portrait } from '../models/motion-autoencoder.js';
import { createMotionAutoencoder, pictureTensor } from '../models/motion-autoencoder.js';
import type { MotionAutoencoder } from '../models/motion-autoencoder.js';
import type { PictureComparison } from './compare.js';
import { comparePictures } from './compare.js';
import type { GoldenFiles, GoldenStage } from './golden-set.js';
import type { StageContext, StageResult } from './stages.js';
import { required } from './stages.js';

/** `image.png` → identity latent, motion, features. */
export async function verifyEncode({ float, files }: StageContext): Promise<StageResult> {
  const autoencoder = await createMotionAutoencoder(float.gpu, float.weights, float.model.config);
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
  return withPortrait(context, async (autoencoder, portrait) => {
    const names = [...stage.tensors.keys()].filter((name) => name !== 'latent');
    const decoder = await autoencoder.openDecoder(portrait, { taps: names });
    const rgba = await decoder.decode(await stage.read('latent'));
    const tensors = new Map(Object.entries(await decoder.read(names)));
    const pictures = await compareFrame(context.files, stage, 'decode.frame.png', rgba);
    return { tensors, pictures };
  });
}

/** The stored motion → the frames the set keeps (`frame.N`), in floats and in bytes. */
export async function verifyAnimate(context: StageContext, stage: GoldenStage): Promise<StageResult> {
  return withPortrait(context, async (autoencoder, portrait) => {
    const d = context.float.model.config.style_dim;
    const motion = await stage.read('in.sample');
    const decoder = await autoencoder.openDecoder(portrait, { taps: ['frame'] });
    const tensors = new Map<string, Float32Array>();
    const pictures: PictureComparison[] = [];
    for (const name of stage.tensors.keys()) {
      const index = Number(/^frame\.(\d+)$/.exec(name)?.[1]);
      if (Number.isNaN(index)) continue;
      context.onStatus(`animate ${name} …`);
      const rgba = await decoder.decode(
        portrait.sR.map((value, i) => value + (motion[index * d + i] ?? NaN)),
      );
      tensors.set(name, (await decoder.read(['frame']))['frame'] ?? new Float32Array());
      pictures.push(...(await compareFrame(context.files, stage, `animate.frame${index}.png`, rgba)));
    }
    return { tensors, pictures };
  });
}

async function withPortrait(
  { float, files, onStatus }: StageContext,
  use: (autoencoder: MotionAutoencoder, portrait: Portrait) => Promise<StageResult>,
): Promise<StageResult> {
  const autoencoder = await createMotionAutoencoder(float.gpu, float.weights, float.model.config);
  try {
    const portrait = await autoencoder.encode(await imageOf(files));
    onStatus('decode …');
    return await use(autoencoder, portrait);
  } finally {
    autoencoder.destroy();
  }
}

async function imageOf(files: GoldenFiles): Promise<Float32Array<ArrayBuffer>> {
  return pictureTensor(await required(files, 'image.png', files.picture('image.png')));
}

/** Compares with the PNG of the set, if it has one. */
async function compareFrame(
  files: GoldenFiles,
  { name }: GoldenStage,
  file: string,
  rgba: Uint8Array,
): Promise<PictureComparison[]> {
  const golden = await files.picture(file);
  if (!golden) return [];
  const rgb = rgba.filter((_, i) => i % 4 !== 3);
  return [comparePictures(name, file, rgb, golden.data)];
}
