import { drawAhead, drawsAhead } from './draw-ahead.js';
import { GpuClosedError, InputError } from '../base/errors.js';
import { dropAlpha } from '../media/drop-alpha.js';
import type { Picture } from '../media/picture.js';
import { fitSquare } from '../media/resize.js';
import type { Sound } from '../media/sound.js';
import { resampleStream } from '../media/resample-stream.js';
import { SPEECH_RATE, speechSamples } from '../media/speech.js';
import type { SpeechSource } from '../media/speech-source.js';
import { arrivingSpeech } from '../media/speech-source.js';
import type { Decoder, Portrait } from '../models/autoencoder/motion-autoencoder.js';
import { pictureTensor } from '../media/picture-tensor.js';
import { checkModel, checkOptions, checkParts } from './check-options.js';
import { checkMotion, checkPicture, checkPieces, checkRate, checkSound } from './check-inputs.js';
import { createMotionAutoencoder } from '../models/autoencoder/motion-autoencoder.js';
import { motionScaler } from '../models/autoencoder/motion-scale.js';
import { neededParts } from './parts.js';
import type { FloatModel, MotionOptions, Stage } from './motion.js';
import { frameCount, speechMotion } from './motion.js';
import { motionResampler } from './motion-rate.js';

export interface AnimateOptions extends MotionOptions {
  /** Motion `[T, d]` from an earlier run, used instead of sampling. */
  readonly motion?: Float32Array;
  /**
   * How much the head moves, about its pose in the portrait; default 1. Of the whole motion, lips included, if the
   * checkpoint does not name its directions.
   */
  readonly motionScale?: number;
  /**
   * Frames a second, more than 0 and at most 240; default the model's. At another rate the motion is interpolated
   * linearly between the model's frames (`motionResampler`): frame i shows the motion at i / fps seconds.
   */
  readonly fps?: number;
  /** Given each window's motion `[frames, d]`, at the model's rate, before its first frame. */
  readonly onMotion?: (motion: Float32Array) => void;
  /**
   * Frames drawn at once: more keep a large GPU busy, take as many times the memory, and make the first frame later.
   * Default: by `defaultBatch`.
   */
  readonly batch?: number;
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
 * Animates a portrait with speech: `ceil(seconds · fps)` frames, each as soon as it is drawn. While the caller has one,
 * the GPU draws the next few and samples the next window of motion, but no further, so memory does not grow with the
 * length of the speech, which the caller holds.
 *
 * The portrait is cut to its centre square and resized to S×S; the speech is mixed to mono at 16 kHz. All arguments are
 * checked before any work.
 *
 * @param portrait RGB, or RGBA as a canvas's `getImageData` gives it, whose alpha is dropped.
 * @throws InputError naming the argument that cannot be used, and what it should be; GpuClosedError when the GPU is
 *   closed meanwhile; Error when the GPU fails; the signal's reason when it is aborted.
 */
export async function* animate(
  float: FloatModel,
  portrait: Picture,
  speech: Sound,
  options: AnimateOptions = {},
): AsyncGenerator<Frame, void, undefined> {
  checkModel(float);
  const { config } = float.model;
  const { motion } = options;
  const samples = speechSamples(checkSound('speech', speech));
  const frames =
    motion === undefined
      ? frameCount(samples.length, config)
      : checkMotion('motion', motion, config.dim_w).length / config.dim_w;
  const count = Math.ceil((frames * (options.fps ?? config.fps)) / config.fps);
  for await (const frame of draw(float, portrait, samples, options)) yield { ...frame, count };
}

/**
 * Animates a portrait with speech while it arrives. A window of frames (2 s) is drawn as soon as its speech and
 * `options.lookAhead` seconds more have come. Pieces are asked for up to the window after the one being drawn; no frame
 * waits for those of a later window.
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
  checkModel(float);
  checkRate('sampleRate', sampleRate);
  const pieces = checkPieces('speech', speech);
  const source = arrivingSpeech(resampleStream(pieces, sampleRate, SPEECH_RATE));
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
  checkOptions(options);
  checkParts(float.model, float.weights, neededParts(options));
  const face = checkPicture('portrait', portrait);
  const batch = options.batch ?? defaultBatch(float.gpu.adapter.info, config.input_size);
  if (!(Number.isSafeInteger(batch) && batch >= 1 && batch <= 64)) {
    throw new InputError(`batch: expected 1 to 64 frames, got ${batch}`);
  }

  const fps = options.fps ?? config.fps;
  if (!(fps > 0 && fps <= 240)) {
    throw new InputError(`fps: expected more than 0 and at most 240 frames a second, got ${fps}`);
  }

  signal?.throwIfAborted();
  onStage?.('portrait');
  const autoencoder = await createMotionAutoencoder(float.gpu, float.weights, config, float.precision);
  try {
    const image = pictureTensor(fitSquare(face, config.input_size));
    const encoded = await autoencoder.encode(image);
    const decoder = await autoencoder.openDecoder(encoded, { batch, ahead: drawsAhead });
    const scaled = await motionScaler(float, encoded.rS, motionScale);
    let begun = false;
    // The motion that begins with each window of frames: at another rate one of them can hold none or several.
    const beginning: Float32Array[][] = [];
    const pictures = drawAhead({
      sample: async function* (stopped) {
        const sampling = {
          ...options,
          signal: stopped,
          onStage: (stage: Stage) => begun || onStage?.(stage),
        };
        const windows = motion ? [motion] : speechMotion(float, encoded.rS, speech, sampling);
        const resampler = motionResampler(config.dim_w, config.fps, fps);
        let given: Float32Array[] = [];
        for await (const window of windows) {
          given.push(Float32Array.from(scaled(window)));
          const frames = resampler.push(given.at(-1)!);
          if (frames.length === 0) continue;
          beginning.push(given);
          given = [];
          yield frames;
        }
        const frames = resampler.end();
        beginning.push(given);
        if (frames.length > 0) yield frames;
      },
      width: config.dim_w,
      batch,
      draw: (window) => drawFrames(decoder, encoded, window, batch, config.input_size),
      onWindow: () => {
        beginning.shift()?.forEach((window) => onMotion?.(window));
        if (!begun) onStage?.('frames');
        begun = true;
      },
      signal,
    });
    let index = 0;
    for await (const picture of pictures) {
      yield { index, time: index / fps, picture };
      index++;
    }
    beginning.flat().forEach((window) => onMotion?.(window));
  } catch (error) {
    // Work on a device that is gone fails in many ways; that it was closed says more.
    if (float.gpu.failure instanceof GpuClosedError) throw float.gpu.failure;
    throw error;
  } finally {
    autoencoder.destroy();
  }
}

/**
 * Frames drawn at once where nobody says. A frame of the published size keeps a GPU busy, one of a smaller model does
 * not: so many that they have no more pixels together, and that windows of 50 divide into them. A processor is kept
 * busy by any frame.
 */
export function defaultBatch({ isFallbackAdapter }: GPUAdapterInfo, side: number): number {
  if (isFallbackAdapter) return 1;
  return [5, 2].find((frames) => frames * side ** 2 <= 512 ** 2) ?? 1;
}

/** @param motion `[frames, d]`; the rest of the batch repeats its last frame. */
function drawFrames(
  decoder: Decoder,
  { sR }: Portrait,
  motion: Float32Array,
  batch: number,
  side: number,
): Promise<Picture[]> {
  const frames = motion.length / sR.length;
  const latent = Float32Array.from({ length: batch * sR.length }, (_, at) => {
    const i = at % sR.length;
    const frame = Math.min(Math.floor(at / sR.length), frames - 1);
    return sR[i]! + motion[frame * sR.length + i]!;
  });
  const bytes = side ** 2 * 4;
  return decoder.draw(latent, (pixels) =>
    Array.from({ length: frames }, (_, k) => dropAlpha(pixels.subarray(k * bytes, (k + 1) * bytes), side)),
  );
}
