import { InputError } from './errors.js';
import type { Picture } from './media/picture.js';
import { fitSquare } from './media/resize.js';
import type { Sound } from './media/sound.js';
import { speechSamples } from './media/speech.js';
import { createMotionAutoencoder, pictureTensor } from './models/motion-autoencoder.js';
import { motionScaler } from './models/motion-scale.js';
import type { FloatModel, MotionOptions } from './motion.js';
import { frameCount, speechMotion } from './motion.js';

export interface AnimateOptions extends MotionOptions {
  /** Motion `[T, d]` from an earlier run, used instead of sampling. */
  readonly motion?: Float32Array;
  /**
   * How much the head moves, about its pose in the portrait; default 1. Of the whole motion, lips included, if the
   * checkpoint does not name its directions.
   */
  readonly motionScale?: number;
  /** Given each window's motion `[frames, d]` before its frames are drawn. */
  readonly onMotion?: (motion: Float32Array) => void;
}

/** One frame of the video. */
export interface Frame {
  readonly index: number;
  /** T, frames in all. */
  readonly count: number;
  /** Seconds from the start. */
  readonly time: number;
  /** S×S. */
  readonly picture: Picture;
}

/**
 * Animates a portrait with speech: `ceil(seconds · fps)` frames, each as soon as it is drawn. Windows of motion are sampled
 * as the frames are asked for, so memory does not grow with the length of the speech (the audio features apart).
 *
 * The portrait is cut to its centre square and resized to S×S; the speech is mixed to mono at 16 kHz.
 *
 * @throws InputError for input that cannot be used; Error when the GPU fails; the signal's reason when it is aborted.
 */
export async function* animate(
  float: FloatModel,
  portrait: Picture,
  speech: Sound,
  options: AnimateOptions = {},
): AsyncGenerator<Frame, void, undefined> {
  const { config } = float.model;
  const { signal, onStage, onMotion, motion, motionScale = 1 } = options;
  const samples = speechSamples(speech);
  const count = motion ? motionFrames(motion, config.dim_w) : frameCount(samples.length, config);

  signal?.throwIfAborted();
  onStage?.('portrait');
  const autoencoder = await createMotionAutoencoder(float.gpu, float.weights, config);
  try {
    const image = pictureTensor(fitSquare(portrait, config.input_size));
    const encoded = await autoencoder.encode(image);
    const decoder = await autoencoder.openDecoder(encoded);
    const scaled = await motionScaler(float, encoded.rS, motionScale);
    let index = 0;
    for await (const sampled of motion ? [motion] : speechMotion(float, encoded.rS, samples, options)) {
      const window = scaled(sampled);
      onMotion?.(window);
      onStage?.('frames');
      for (let start = 0; start < window.length; start += config.dim_w, index++) {
        signal?.throwIfAborted();
        const latent = encoded.sR.map((identity, i) => identity + (window[start + i] ?? 0));
        const picture = dropAlpha(await decoder.decode(latent), config.input_size);
        yield { index, count, time: index / config.fps, picture };
      }
    }
  } finally {
    autoencoder.destroy();
  }
}

function motionFrames(motion: Float32Array, d: number): number {
  if (motion.length === 0 || motion.length % d !== 0) {
    throw new InputError(`motion: expected [frames, ${d}], got ${motion.length} values`);
  }
  return motion.length / d;
}

function dropAlpha(rgba: Uint8Array, side: number): Picture {
  const data = new Uint8Array(side * side * 3);
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    data[to] = rgba[from] ?? 0;
    data[to + 1] = rgba[from + 1] ?? 0;
    data[to + 2] = rgba[from + 2] ?? 0;
  }
  return { width: side, height: side, data };
}
