import type { FloatModel, Gpu, Picture, Sound, WindowOde } from 'float-webgpu';
import {
  animate,
  drawMark,
  frameFinisher,
  joinArrays,
  outputSize,
  parseEmotionSchedule,
  parseGuidanceSchedule,
  preparePortrait,
  provenance,
  writeSafetensors,
} from 'float-webgpu';
import { createBrowserVideo } from 'float-webgpu/browser';
import type { OnProgress, RunListener, RunSettings, RunSummary } from './api.js';
import { Failure } from './failures.js';
import { zipFrames } from './frames-zip.js';
import type { LastRun } from './last-run.js';
import type { OpenModel } from './models.js';

/** What a run is made of. */
export interface Inputs {
  readonly model: OpenModel;
  readonly portrait: Picture;
  readonly speech: Sound;
  readonly settings: RunSettings;
}

/**
 * A complete run. Of its frames only the motion is kept, d numbers each: they are drawn again when they are asked for,
 * so that memory does not grow by a megabyte a frame.
 */
export interface CompleteRun extends Inputs {
  readonly motion: Float32Array<ArrayBuffer>;
  readonly windows: readonly WindowOde[];
  readonly video: Blob;
  readonly summary: RunSummary;
}

/**
 * Animates, encodes, and tells the listener. @throws what `animate` and the video's encoder throw; the signal's reason.
 */
export async function runAnimation(
  gpu: Gpu,
  inputs: Inputs,
  listener: RunListener,
  signal: AbortSignal,
): Promise<CompleteRun> {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const { model, speech, settings } = inputs;
  const { fps } = model.model.config;
  checkSquare(inputs);
  const sampling = samplingOf(settings);
  const { finish, size } = finisher(inputs);
  const video = await createBrowserVideo({
    ...size,
    fps,
    sound: speech,
    ...provenance({ ...sampling, weights: model.summary.name }),
    onType: (type) => listener.onVideoType(type),
    onPiece: (piece) => listener.onVideoPiece(piece),
  });
  try {
    gpu.memory.peak = gpu.memory.bytes;
    const motion: Float32Array[] = [];
    const windows: WindowOde[] = [];
    let frames = 0;
    let firstFrame = 0;
    const drawn = animate(floatOf(gpu, model), encoderPicture(inputs), speech, {
      ...sampling,
      signal,
      onStage: (stage) => listener.onStage(stage),
      onMotion: (window) => motion.push(window),
      onWindow: (window) => windows.push(window),
    });
    for await (const { count, picture } of drawn) {
      await video.addFrame(finish(picture));
      if (frames++ === 0) firstFrame = seconds();
      listener.onFrame(frames, count, seconds());
    }
    const { file, soundCodec } = await video.close();
    const gpuBytes = gpu.memory.peak;
    const [width, height] = [even(size.width), even(size.height)];
    const summary = { frames, fps, width, height, seconds: seconds(), firstFrame, gpuBytes, soundCodec };
    return { ...inputs, motion: joinArrays(motion), windows, video: file, summary };
  } catch (error) {
    await video.abort();
    throw error;
  }
}

/** The frames as PNGs, drawn again from the run's motion. */
export function exportFrames(
  gpu: Gpu,
  run: CompleteRun,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<Blob> {
  const { finish } = finisher(run);
  async function* frames() {
    const drawn = animate(floatOf(gpu, run.model), encoderPicture(run), run.speech, {
      motion: run.motion,
      signal,
    });
    for await (const { picture } of drawn) yield finish(picture);
  }
  return zipFrames(frames(), (done) => onProgress(done, run.summary.frames));
}

/** The square that is animated, S×S, as the command prepares it. */
function encoderPicture({ model, portrait, settings }: Inputs): Picture {
  return preparePortrait(portrait, settings.square, model.model.config.input_size);
}

export function exportMotion({ motion, model }: CompleteRun): Blob {
  const d = model.model.config.dim_w;
  const file = writeSafetensors({ motion: { shape: [motion.length / d, d], data: motion } });
  return new Blob([file], { type: 'application/octet-stream' });
}

export function lastRunOf(gpu: Gpu, run: CompleteRun): LastRun {
  const { model, motion, windows, settings } = run;
  const { seed, nfe, solver } = settings;
  return {
    float: floatOf(gpu, model),
    portrait: encoderPicture(run),
    motion,
    windows,
    seed,
    nfe,
    solver,
  };
}

/** Of a video's odd side the last column or row is repeated. */
const even = (side: number) => 2 * Math.ceil(side / 2);

const floatOf = (gpu: Gpu, { model, weights }: OpenModel): FloatModel => ({ gpu, model, weights });

/** The settings as the library takes them. @throws InputError for a schedule that cannot be read. */
function samplingOf(settings: RunSettings) {
  const { seed, nfe, solver, motionScale, audioGuidance, emotionGuidance, emotion } = settings;
  return {
    seed,
    nfe,
    solver,
    motionScale,
    audioGuidance: parseGuidanceSchedule(audioGuidance),
    emotionGuidance: parseGuidanceSchedule(emotionGuidance),
    ...(emotion !== '' && { emotion: parseEmotionSchedule(emotion) }),
  };
}

/** What makes the video's pictures of the model's frames, and their size. */
function finisher({ model, portrait, settings }: Inputs) {
  const { pasteBack, mark, square } = settings;
  const { side } = model.summary;
  const options = { pasteBack, ...(settings.size > 0 && { size: settings.size }) };
  const size = outputSize(options, portrait, side);
  const fit = frameFinisher(options, portrait, square, side, size);
  return { size, finish: (frame: Picture) => (mark ? drawMark(fit(frame)) : fit(frame)) };
}

function checkSquare({ portrait, settings }: Inputs): void {
  const { x, y, size } = settings.square;
  const whole = [x, y, size].every(Number.isSafeInteger) && size >= 1 && size <= 8192;
  if (!whole || x >= portrait.width || y >= portrait.height || x + size <= 0 || y + size <= 0) {
    throw new Failure('Input', 'the square to animate lies outside of the portrait');
  }
}
