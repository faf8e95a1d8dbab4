import { InputError } from '../base/errors.js';
import type { SpeechSource } from '../media/speech-source.js';
import { untilAborted, wholeSpeech } from '../media/speech-source.js';
import type { Cut } from '../models/speech/audio-encoder.js';
import { createAudioEncoder, recordingCut } from '../models/speech/audio-encoder.js';
import { createEmotionEncoder } from '../models/speech/emotion-encoder.js';
import type { Emotion } from '../models/speech/emotions.js';
import type { GuidanceScales, WindowConditions } from '../models/transformer/fmt.js';
import { createFlowTransformer } from '../models/transformer/fmt.js';
import type { Gpu } from '../runtime/gpu.js';
import type { Precision } from '../runtime/tensor.js';
import { gaussianNoise } from '../sampling/noise.js';
import type { EmotionSchedule, GuidanceSchedule } from './schedule.js';
import { emotionRows, emotionSchedule, guidanceAt, guidanceSchedule, hearsEmotion } from './schedule.js';
import { checkMotion, checkSamples } from './check-inputs.js';
import { checkModel, checkOptions } from './check-options.js';
import type { SolverName } from '../sampling/solvers.js';
import { sampleMotion } from '../sampling/windows.js';
import type { FloatConfig, ModelConfig } from '../weights/config.js';
import { windowFrames } from '../weights/config.js';
import type { WeightSource } from '../weights/source.js';

/** A FLOAT model: a GPU, the sizes, and where the weights are read from (they are loaded part by part, when needed). */
export interface FloatModel {
  readonly gpu: Gpu;
  readonly model: ModelConfig;
  readonly weights: WeightSource;
  /**
   * How weights, and the pictures inside the decoder, are stored on the GPU; f32 if not given. f16 halves what they
   * take and what is moved, and needs an adapter with `shader-f16` (docs/accuracy.md says what it costs).
   */
  readonly precision?: Precision;
}

export interface MotionOptions {
  /** Points of the ODE's time grid; nfe − 1 steps. Default 10. */
  readonly nfe?: number;
  /** Default `euler`. */
  readonly solver?: SolverName;
  /** Seed of the noise: the same seed makes the same video. Default 15. */
  readonly seed?: number;
  /**
   * γ_a, how strongly the motion follows the speech. Default 2. Over time: each window (L frames) has the value at its
   * middle.
   */
  readonly audioGuidance?: number | GuidanceSchedule;
  /** γ_e, how strongly it follows the emotion. Default 1. Over time as above. */
  readonly emotionGuidance?: number | GuidanceSchedule;
  /** Shows this emotion instead of the one heard in the speech, or one after the other. */
  readonly emotion?: Emotion | EmotionSchedule;
  /**
   * Of speech that is still arriving, seconds beyond a window that are waited for, so that its last frames are heard
   * with what comes after them. Default 1.
   */
  readonly lookAhead?: number;
  /** Stops the run, which then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * Called before each stage of the work, for progress displays. Motion is sampled on while frames are drawn, without
   * being told of.
   */
  readonly onStage?: (stage: Stage) => void;
  /** Given how strongly each of the seven emotions is shown at the start (Sec. 5), once it is known. */
  readonly onEmotion?: (we: Float32Array) => void;
  /**
   * Given each window's ODE before it is solved, to look inside or to solve it again. The arrays are the receiver's
   * own.
   */
  readonly onWindow?: (ode: WindowOde) => void;
}

/**
 * The ODE of one window of motion, dx/dt = v(t, x) from x(0) = noise: all that its solution depends on beside the
 * weights.
 */
export interface WindowOde {
  readonly index: number;
  /** Its first frame in the clip. */
  readonly start: number;
  /** As `FlowTransformer.field` takes them; we `[P + L, 7]`. */
  readonly conditions: WindowConditions;
  /** γ_a and γ_e. */
  readonly scales: GuidanceScales;
  /** x(0), `[L, d]`. */
  readonly noise: Float32Array;
}

export type Stage = 'portrait' | 'speech' | 'emotion' | 'motion' | 'frames';

/** Seconds before a window that its audio features are made from, where speech is still arriving. */
const arrivingContext = 10;

/** How arriving speech is cut: window by window. */
function arrivingCut(config: FloatConfig, lookAhead = 1): Cut {
  if (!(lookAhead >= 0 && lookAhead <= 60)) {
    throw new InputError(`lookAhead: expected 0 to 60 seconds, got ${lookAhead}`);
  }
  return { whole: 0, piece: windowFrames(config) / config.fps, before: arrivingContext, after: lookAhead };
}

/** What a checkpoint that is a diffusion predicts; undefined of a flow. */
export function predictionOf({ objective }: FloatConfig): 'epsilon' | 'sample' | undefined {
  return objective === 'flow' ? undefined : objective;
}

/** T = ceil(samples · fps / 16000), the frames of a clip (Sec. 0). */
export function frameCount(samples: number, config: FloatConfig): number {
  return Math.ceil((samples * config.fps) / config.sampling_rate);
}

/**
 * Speech → motion latents (Sec. 4–6). The audio features of a recording are made at once up to two minutes
 * (`recordingCut`), of a longer one piece by piece, and the ODE of each window is solved when asked for: beside the
 * samples themselves, memory does not grow with the length.
 *
 * Of speech that is still arriving each window is made as soon as it and `lookAhead` seconds more are there; its
 * emotion is that heard until then in the first window.
 *
 * @param rS source motion of the portrait, `[d]`.
 * @param speech mono, 16 kHz, −1 … 1.
 * @yields the motion of each window in turn, `[frames, d]`; `frameCount` frames in all.
 * @throws InputError for input that cannot be used; Error when the GPU fails.
 */
export async function* speechMotion(
  float: FloatModel,
  rS: Float32Array,
  speech: Float32Array | SpeechSource,
  options: MotionOptions = {},
): AsyncGenerator<Float32Array, void, undefined> {
  checkModel(float);
  checkOptions(options);
  const { gpu, model, weights } = float;
  const { config } = model;
  if (checkMotion('rS', rS, config.dim_w).length !== config.dim_w) {
    throw new InputError(`rS: expected ${config.dim_w} values, got ${rS.length}`);
  }
  if (!isSource(speech)) checkSamples('speech', speech);
  const { solver = 'euler', seed = 15, audioGuidance = 2, emotionGuidance = 1, signal } = options;
  const diffusion = predictionOf(config);
  const { nfe = diffusion ? 51 : 10 } = options;

  const emotion = emotionSchedule(options.emotion);
  const gammaA = guidanceSchedule('audioGuidance', audioGuidance);
  const gammaE = guidanceSchedule('emotionGuidance', emotionGuidance);

  const source = untilAborted(speech instanceof Float32Array ? wholeSpeech(speech) : speech, signal);
  const cut = source.length === undefined ? arrivingCut(config, options.lookAhead) : recordingCut;

  options.onStage?.('speech');
  const beginning = await firstSamples(source, (cut.piece + cut.after) * config.sampling_rate);
  const pieces = audioPieces(float, source, cut);
  try {
    const first = await pieces.next();
    signal?.throwIfAborted();
    options.onStage?.('emotion');
    const heard = hearsEmotion(emotion)
      ? await hearEmotion(float, beginning)
      : new Float32Array(config.dim_e);
    options.onEmotion?.(emotionRows(emotion, heard, 0, 1, config.fps));
    signal?.throwIfAborted();

    options.onStage?.('motion');
    const [L, P] = [windowFrames(config), config.num_prev_frames];
    const noiseOf = (window: number) => gaussianNoise(seed, window, L * config.dim_w);
    const transformer = await createFlowTransformer(gpu, weights, config, float.precision);
    try {
      const windows = sampleMotion({
        solver,
        nfe,
        prediction: diffusion,
        precedingVelocity: config.preceding === 'velocity',
        windowFrames: L,
        precedingFrames: P,
        width: config.dim_w,
        wa: chain(first, pieces),
        noise: noiseOf,
        makeField: (window) => {
          options.onStage?.('motion');
          const start = window.index * L;
          const we = emotionRows(emotion, heard, start - P, P + L, config.fps);
          const middle = (start + L / 2) / config.fps;
          const scales = { audio: guidanceAt(gammaA, middle), emotion: guidanceAt(gammaE, middle) };
          const { index, ...given } = window;
          const conditions = { ...given, wr: rS, we };
          options.onWindow?.({ index, start, conditions: copyOf(conditions), scales, noise: noiseOf(index) });
          return transformer.field(conditions, scales);
        },
        ...(signal && { signal }),
      });
      yield* windows;
    } finally {
      transformer.destroy();
    }
  } finally {
    await pieces.return();
  }
}

function copyOf({ wa, wr, we, prevX, prevWa }: WindowConditions): WindowConditions {
  return { wa: wa.slice(), wr: wr.slice(), we: we.slice(), prevX: prevX.slice(), prevWa: prevWa.slice() };
}

/** What the emotion is heard in: the whole recording; of arriving speech the first `samples`. */
async function firstSamples(speech: SpeechSource, samples: number): Promise<Float32Array> {
  const { available } = await speech.arrive(speech.length ?? Math.round(samples));
  const beginning = speech.slice(0, available);
  return speech.length === undefined ? beginning.slice() : beginning;
}

async function* chain<T>(first: IteratorResult<T, void>, rest: AsyncIterable<T>): AsyncGenerator<T, void> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}

/**
 * The speech encoders are two thirds of the weights: each is loaded, used and freed, this one before it gives its last
 * piece.
 */
async function* audioPieces(
  { gpu, model, weights, precision }: FloatModel,
  speech: SpeechSource,
  cut: Cut,
): AsyncGenerator<Float32Array, void, undefined> {
  const encoder = await createAudioEncoder(gpu, weights, model, precision);
  try {
    for await (const { wa, last } of encoder.pieces(speech, { cut })) {
      if (last) encoder.destroy();
      yield wa;
    }
  } finally {
    encoder.destroy();
  }
}

async function hearEmotion({ gpu, model, weights, precision }: FloatModel, samples: Float32Array) {
  const encoder = await createEmotionEncoder(gpu, weights, model.emotion, precision);
  try {
    return await encoder.classify(samples);
  } finally {
    encoder.destroy();
  }
}

const isSource = (speech: Float32Array | SpeechSource): speech is SpeechSource =>
  typeof speech === 'object' && speech !== null && 'arrive' in speech;
