import { InputError } from './errors.js';
import type { Picture } from './media/picture.js';
import { fitSquare } from './media/resize.js';
import type { Sound } from './media/sound.js';
import { resampleStream } from './media/resample-stream.js';
import { SPEECH_RATE, speechSamples } from './media/speech.js';
import type { SpeechSource } from './media/speech-source.js';
import { arrivingSpeech } from './media/speech-source.js';
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
export interface Frame extends StreamedFrame {
  /** T, frames in all. */
  readonly count: number;
}

/** A frame of a video whose length is not known yet. */
export interface StreamedFrame {
  readonly index: number;
  /** Seconds from the start. */
  readonly time: number;
  /** S×S. */
  readonly picture: Picture;
}

/**
 * Animates a portrait with speech: `ceil(seconds · fps)` frames, each as soon as it is drawn. Windows of motion are sampled
 * as the frames are asked for, so memory does not grow with the length of the speech, which the caller holds.
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
  const { motion } = options;
  const samples = speechSamples(speech);
  const count = motion ? motionFrames(motion, config.dim_w) : frameCount(samples.length, config);
  for await (const frame of draw(float, portrait, samples, options)) yield { ...frame, count };
}

/**
 * Animates a portrait with speech while it arrives. A window of frames (2 s) is drawn as soon as its speech and
 * `options.lookAhead` seconds more have come; pieces are asked for only when they are needed.
 *
 * @param speech mono, −1 … 1, in pieces of any lengths.
 * @param options `sampleRate` of the pieces, 16000 unless given.
 * @throws as `animate`.
 */
export async function* animateStream(
  float: FloatModel,
  portrait: Picture,
  speech: AsyncIterable<Float32Array>,
  { sampleRate = SPEECH_RATE, ...options }: Omit<AnimateOptions, 'motion'> & { sampleRate?: number } = {},
): AsyncGenerator<StreamedFrame, void, undefined> {
  const source = arrivingSpeech(resampleStream(speech, sampleRate, SPEECH_RATE));
  yield* draw(float, portrait, source, options);
}

async function* draw(
  float: FloatModel,
  portrait: Picture,
  speech: Float32Array | SpeechSource,
  options: AnimateOptions,
): AsyncGenerator<StreamedFrame, void, undefined> {
  const { config } = float.model;
  const { signal, onStage, onMotion, motion, motionScale = 1 } = options;

  signal?.throwIfAborted();
  onStage?.('portrait');
  const autoencoder = await createMotionAutoencoder(float.gpu, float.weights, config);
  try {
    const image = pictureTensor(fitSquare(portrait, config.input_size));
    const encoded = await autoencoder.encode(image);
    const decoder = await autoencoder.openDecoder(encoded);
    const scaled = await motionScaler(float, encoded.rS, motionScale);
    let index = 0;
    for await (const sampled of motion ? [motion] : speechMotion(float, encoded.rS, speech, options)) {
      const window = scaled(sampled);
      onMotion?.(window);
      onStage?.('frames');
      for (let start = 0; start < window.length; start += config.dim_w, index++) {
        signal?.throwIfAborted();
        const latent = encoded.sR.map((identity, i) => identity + (window[start + i] ?? 0));
        const picture = dropAlpha(await decoder.decode(latent), config.input_size);
        yield { index, time: index / config.fps, picture };
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
