import { InputError } from './errors.js';
import { fitSquare } from './media/resize.js';
import type { Picture } from './media/picture.js';
import type { Sound } from './media/sound.js';
import { speechSamples } from './media/speech.js';
import { createAudioEncoder } from './models/audio-encoder.js';
import { createEmotionEncoder } from './models/emotion-encoder.js';
import type { Emotion } from './models/emotions.js';
import { oneHot } from './models/emotions.js';
import { createFlowTransformer } from './models/fmt.js';
import type { Decoder, Portrait } from './models/motion-autoencoder.js';
import { createMotionAutoencoder, pictureTensor } from './models/motion-autoencoder.js';
import type { Gpu } from './runtime/gpu.js';
import { check } from './runtime/gpu.js';
import { gaussianNoise } from './sampling/noise.js';
import type { SolverName } from './sampling/solvers.js';
import { sampleMotion } from './sampling/windows.js';
import type { ModelConfig } from './weights/config.js';
import { windowFrames } from './weights/config.js';
import type { WeightSource } from './weights/source.js';

/** A FLOAT model: a GPU, the sizes, and where the weights are read from (they are loaded part by part, when needed). */
export interface FloatModel {
  readonly gpu: Gpu;
  readonly model: ModelConfig;
  readonly weights: WeightSource;
}

export interface AnimateOptions {
  /** Points of the ODE's time grid; nfe − 1 steps. Default 10. */
  readonly nfe?: number;
  /** Default `euler`. */
  readonly solver?: SolverName;
  /** Seed of the noise: the same seed makes the same video. Default 15. */
  readonly seed?: number;
  /** γ_a, how strongly the motion follows the speech. Default 2. */
  readonly audioGuidance?: number;
  /** γ_e, how strongly it follows the emotion. Default 1. */
  readonly emotionGuidance?: number;
  /** Shows this emotion instead of the one heard in the speech. */
  readonly emotion?: Emotion;
  /** Motion [T, d] from an earlier run, used instead of sampling. */
  readonly motion?: Float32Array;
  /** Stops the run; the iteration then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called before each stage of the work, for progress displays. */
  readonly onStage?: (stage: AnimateStage) => void;
  /** Given how strongly each of the seven emotions is shown (Sec. 5), once it is known. */
  readonly onEmotion?: (we: Float32Array) => void;
  /** Given each window's motion [frames, d] as soon as it is sampled. */
  readonly onMotion?: (motion: Float32Array) => void;
}

export type AnimateStage = 'portrait' | 'speech' | 'emotion' | 'motion' | 'frames';

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
 * @throws InputError for input that cannot be used; Error when the GPU fails.
 */
export async function* animate(
  float: FloatModel,
  portrait: Picture,
  speech: Sound,
  options: AnimateOptions = {},
): AsyncGenerator<Frame, void, undefined> {
  const { config } = float.model;
  const { signal, onStage, motion } = options;
  const samples = speechSamples(speech);
  const count = motion ? motionFrames(motion, config.dim_w) : frameCount(samples.length, config);

  onStage?.('portrait');
  const autoencoder = await createMotionAutoencoder(float.gpu, float.weights, config);
  try {
    signal?.throwIfAborted();
    const encoded = await autoencoder.encode(pictureTensor(fitSquare(portrait, config.input_size)));
    const windows = motion ? [motion] : sampleSpeech(float, encoded, samples, count, options);
    const decoder = await autoencoder.openDecoder(encoded);
    let index = 0;
    for await (const window of windows) {
      onStage?.('frames');
      for (const picture of drawFrames(decoder, encoded, window, config.input_size)) {
        signal?.throwIfAborted();
        yield { index, count, time: index / config.fps, picture: await picture };
        check(float.gpu);
        index++;
      }
    }
  } finally {
    autoencoder.destroy();
  }
}

/** T = ceil(samples · fps / 16000) frames (Sec. 0). */
export function frameCount(samples: number, config: ModelConfig['config']): number {
  return Math.ceil((samples * config.fps) / config.sampling_rate);
}

function motionFrames(motion: Float32Array, d: number): number {
  if (motion.length === 0 || motion.length % d !== 0) {
    throw new InputError(`motion: expected [frames, ${d}], got ${motion.length} values`);
  }
  return motion.length / d;
}

/** The motion of the whole clip, window by window: the conditions first, then the ODE of each window. */
async function* sampleSpeech(
  float: FloatModel,
  portrait: Portrait,
  samples: Float32Array,
  count: number,
  options: AnimateOptions,
): AsyncGenerator<Float32Array> {
  const { gpu, model, weights } = float;
  const { config } = model;
  const { nfe = 10, solver = 'euler', seed = 15, audioGuidance = 2, emotionGuidance = 1, signal } = options;

  options.onStage?.('speech');
  const wa = await encodeAudio(float, samples);
  signal?.throwIfAborted();
  options.onStage?.('emotion');
  const we = options.emotion ? oneHot(options.emotion) : await hearEmotion(float, samples);
  options.onEmotion?.(we);
  signal?.throwIfAborted();
  options.onStage?.('motion');

  const L = windowFrames(config);
  const transformer = await createFlowTransformer(gpu, weights, config);
  try {
    const guidance = { audio: audioGuidance, emotion: emotionGuidance };
    const windows = sampleMotion({
      solver,
      nfe,
      frames: count,
      windowFrames: L,
      precedingFrames: config.num_prev_frames,
      width: config.dim_w,
      wa,
      noise: (window) => gaussianNoise(seed, window, L * config.dim_w),
      makeField: (window) => transformer.field({ ...window, wr: portrait.rS, we }, guidance),
      ...(signal && { signal }),
    });
    for await (const window of windows) {
      options.onMotion?.(window);
      yield window;
      options.onStage?.('motion');
    }
  } finally {
    transformer.destroy();
  }
}

/** The speech encoders are two thirds of the weights: each is loaded, used and freed. */
async function encodeAudio({ gpu, model, weights }: FloatModel, samples: Float32Array) {
  const encoder = await createAudioEncoder(gpu, weights, model);
  try {
    return await encoder.encode(samples);
  } finally {
    encoder.destroy();
  }
}

async function hearEmotion({ gpu, model, weights }: FloatModel, samples: Float32Array) {
  const encoder = await createEmotionEncoder(gpu, weights, model.emotion);
  try {
    return await encoder.classify(samples);
  } finally {
    encoder.destroy();
  }
}

/** Decodes s_r + motion for each frame of a window. */
function* drawFrames(
  decoder: Decoder,
  portrait: Portrait,
  motion: Float32Array,
  side: number,
): Generator<Promise<Picture>> {
  const d = portrait.sR.length;
  for (let start = 0; start < motion.length; start += d) {
    const latent = portrait.sR.map((value, i) => value + (motion[start + i] ?? 0));
    yield decoder.decode(latent as Float32Array<ArrayBuffer>).then((rgba) => dropAlpha(rgba, side));
  }
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
