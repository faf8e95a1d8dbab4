import { createAudioEncoder } from './models/audio-encoder.js';
import { createEmotionEncoder } from './models/emotion-encoder.js';
import type { Emotion } from './models/emotions.js';
import { createFlowTransformer } from './models/fmt.js';
import type { Gpu } from './runtime/gpu.js';
import { gaussianNoise } from './sampling/noise.js';
import type { EmotionSchedule, GuidanceSchedule } from './sampling/schedule.js';
import {
  emotionRows,
  emotionSchedule,
  guidanceAt,
  guidanceSchedule,
  hearsEmotion,
} from './sampling/schedule.js';
import type { SolverName } from './sampling/solvers.js';
import { sampleMotion } from './sampling/windows.js';
import type { FloatConfig, ModelConfig } from './weights/config.js';
import { windowFrames } from './weights/config.js';
import type { WeightSource } from './weights/source.js';

/** A FLOAT model: a GPU, the sizes, and where the weights are read from (they are loaded part by part, when needed). */
export interface FloatModel {
  readonly gpu: Gpu;
  readonly model: ModelConfig;
  readonly weights: WeightSource;
}

export interface MotionOptions {
  /** Points of the ODE's time grid; nfe − 1 steps. Default 10. */
  readonly nfe?: number;
  /** Default `euler`. */
  readonly solver?: SolverName;
  /** Seed of the noise: the same seed makes the same video. Default 15. */
  readonly seed?: number;
  /** γ_a, how strongly the motion follows the speech. Default 2. Over time: each window (L frames) has the value at its middle. */
  readonly audioGuidance?: number | GuidanceSchedule;
  /** γ_e, how strongly it follows the emotion. Default 1. Over time as above. */
  readonly emotionGuidance?: number | GuidanceSchedule;
  /** Shows this emotion instead of the one heard in the speech, or one after the other. */
  readonly emotion?: Emotion | EmotionSchedule;
  /** Stops the run, which then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called before each stage of the work, for progress displays. */
  readonly onStage?: (stage: Stage) => void;
  /** Given how strongly each of the seven emotions is shown at the start (Sec. 5), once it is known. */
  readonly onEmotion?: (we: Float32Array) => void;
}

export type Stage = 'portrait' | 'speech' | 'emotion' | 'motion' | 'frames';

/** T = ceil(samples · fps / 16000), the frames of a clip (Sec. 0). */
export function frameCount(samples: number, config: FloatConfig): number {
  return Math.ceil((samples * config.fps) / config.sampling_rate);
}

/**
 * Speech → motion latents (Sec. 4–6): the conditions of the whole clip first, then the ODE of each window when asked for.
 *
 * @param rS source motion of the portrait, `[d]`.
 * @param samples speech, mono, 16 kHz, −1 … 1.
 * @yields the motion of each window in turn, `[frames, d]`; `frameCount` frames in all.
 * @throws InputError for input that cannot be used; Error when the GPU fails.
 */
export async function* speechMotion(
  float: FloatModel,
  rS: Float32Array,
  samples: Float32Array,
  options: MotionOptions = {},
): AsyncGenerator<Float32Array, void, undefined> {
  const { gpu, model, weights } = float;
  const { config } = model;
  const { nfe = 10, solver = 'euler', seed = 15, audioGuidance = 2, emotionGuidance = 1, signal } = options;

  const emotion = emotionSchedule(options.emotion);
  const gammaA = guidanceSchedule('audioGuidance', audioGuidance);
  const gammaE = guidanceSchedule('emotionGuidance', emotionGuidance);

  options.onStage?.('speech');
  const wa = await encodeAudio(float, samples);
  signal?.throwIfAborted();
  options.onStage?.('emotion');
  const heard = hearsEmotion(emotion) ? await hearEmotion(float, samples) : new Float32Array(config.dim_e);
  options.onEmotion?.(emotionRows(emotion, heard, 0, 1, config.fps));
  signal?.throwIfAborted();

  options.onStage?.('motion');
  const [L, P] = [windowFrames(config), config.num_prev_frames];
  const transformer = await createFlowTransformer(gpu, weights, config);
  try {
    const windows = sampleMotion({
      solver,
      nfe,
      frames: frameCount(samples.length, config),
      windowFrames: L,
      precedingFrames: P,
      width: config.dim_w,
      wa,
      noise: (window) => gaussianNoise(seed, window, L * config.dim_w),
      makeField: (window) => {
        options.onStage?.('motion');
        const start = window.index * L;
        const we = emotionRows(emotion, heard, start - P, P + L, config.fps);
        const middle = (start + L / 2) / config.fps;
        const guidance = { audio: guidanceAt(gammaA, middle), emotion: guidanceAt(gammaE, middle) };
        return transformer.field({ ...window, wr: rS, we }, guidance);
      },
      ...(signal && { signal }),
    });
    yield* windows;
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
