import type { AnimateOptions, StreamedFrame } from '../pipeline/animate.js';
import { animate, animateStream } from '../pipeline/animate.js';
import { InputError } from '../base/errors.js';
import type { AlphaRule } from '../media/alpha.js';
import type { Square } from '../media/crop.js';
import { preparePortrait } from '../media/crop.js';
import { frameFinisher, outputSize } from '../media/finish.js';
import { drawMark } from '../media/mark.js';
import { headColumns } from '../models/autoencoder/motion-scale.js';
import { checkPrecision } from '../models/precision.js';
import { openFileSource } from '../node/file-source.js';
import { requestNodeAdapter } from '../node/gpu.js';
import { readPicture } from '../node/picture.js';
import { openWeights } from '../node/weights.js';
import { neededParts } from '../pipeline/parts.js';
import { provenance } from '../pipeline/provenance.js';
import { closeGpu, openGpu } from '../runtime/gpu.js';
import type { Precision } from '../runtime/tensor.js';
import { beginSpan } from '../runtime/trace.js';
import type { EmotionSchedule, GuidanceSchedule } from '../pipeline/schedule.js';
import type { SolverName } from '../sampling/solvers.js';
import { finite } from '../weights/finite.js';
import { openSafetensors } from '../weights/safetensors.js';
import { formatShape } from '../weights/source.js';
import { checkCrop, chooseSquare } from './crop.js';
import { claimOutputs, openOutputs, type Made } from './outputs.js';
import { chooseWeights } from './choose-weights.js';
import { outputPath } from './claims.js';
import { printJson } from './print.js';
import { openProfile } from './profile.js';
import { createProgress, frameStatus } from './progress.js';
import type { SpeechFlags } from './speech.js';
import { isArriving, openSpeech, streamOptions } from './speech.js';
import { undoAll } from './undo.js';

export interface AnimateFlags extends SpeechFlags {
  image: string;
  alpha: AlphaRule;
  out?: string;
  weights?: string;
  config?: string;
  nfe: number;
  solver: SolverName;
  seed: number;
  audioGuidance: number | GuidanceSchedule;
  emotionGuidance: number | GuidanceSchedule;
  emotion?: EmotionSchedule;
  motionScale: number;
  mark?: boolean;
  fps?: number;
  size?: number;
  crop?: 'auto' | 'none' | Square;
  face?: number;
  pasteBack?: boolean;
  framesDir?: string;
  cleanFrames?: boolean;
  motionOut?: string;
  profile?: string;
  adapter: string;
  precision: Precision;
  experimental: boolean;
  quiet?: boolean;
  json?: boolean;
}

/**
 * What `--json` prints, with the paths of what was written: first what the video has, or without `--out` the frames.
 */
interface Result extends Made {
  /** From the loaded weights to the finished file, and to the first frame. */
  seconds: number;
  firstFrame: number;
  adapter: string;
  /** Peak of GPU memory. */
  gpuBytes: number;
}

export async function runAnimate(given: AnimateFlags, signal: AbortSignal): Promise<void> {
  const progress = createProgress(given.quiet === true || given.json === true);
  const undo: (() => unknown)[] = [];
  try {
    const chosen = await chooseWeights(given.weights);
    const flags = { ...given, weights: chosen.path };
    const frameFiles = await claimOutputs(flags);
    undo.push(() => frameFiles?.abandon());
    const { alpha } = flags;
    const portrait = await readPicture(flags.image, { alpha, note: progress.note });
    checkCrop(flags, portrait);
    const speech = await openSpeech(flags, signal, progress.note);
    if (isArriving(speech)) undo.push(() => speech.close());
    const configPath = flags.config === undefined ? {} : { configPath: flags.config };
    const parts = neededParts({ motion: flags.motionIn, emotion: flags.emotion });
    const instead = { emotion_encoder: 'give an emotion (--emotion NAME): then none is heard' };
    const without = flags.motionOut === undefined ? [] : [outputPath(flags.motionOut)];
    const opened = await openWeights(flags.weights, { ...configPath, parts, instead, without });
    undo.push(() => opened.close());
    opened.notes.forEach(progress.note);
    const { config } = opened.model;
    const motion = flags.motionIn === undefined ? undefined : await readMotion(flags.motionIn, config.dim_w);

    if (flags.motionScale !== 1 && !headColumns(config)) {
      progress.note(
        `--motion-scale: ${flags.weights} does not say which directions move the head: lips are scaled too`,
      );
    }
    const size = outputSize(flags, portrait, config.input_size);
    const fps = flags.fps ?? config.fps;
    const piped = { signal, onWait: () => progress.status('waiting for a reader of a pipe …') };
    const outputs = await openOutputs(flags, frameFiles, {
      ...piped,
      config,
      size,
      fps,
      speech,
      ...provenance(flags),
    });
    undo.push(() => outputs.abandon());
    const { experimental } = flags;
    const log = progress.note;
    const { adapter, name } = await requestNodeAdapter({ adapter: flags.adapter, experimental, log });
    const gpu = await openGpu(adapter, { experimental });
    undo.push(() => closeGpu(gpu));
    checkPrecision(gpu, flags.precision);
    const profile =
      flags.profile === undefined ? undefined : openProfile(gpu, outputPath(flags.profile), piped);

    const options: AnimateOptions = {
      nfe: flags.nfe,
      solver: flags.solver,
      seed: flags.seed,
      audioGuidance: flags.audioGuidance,
      emotionGuidance: flags.emotionGuidance,
      ...(flags.emotion && { emotion: flags.emotion }),
      ...(motion && { motion }),
      motionScale: flags.motionScale,
      fps,
      signal,
      onStage: (stage) => {
        if (stage !== 'frames') progress.status(`${stage} …`);
      },
      onMotion: (window) => outputs.addMotion(window),
    };
    const started = performance.now();
    const seconds = () => (performance.now() - started) / 1000;
    let frames = 0;
    let firstFrame = 0;
    const square = await chooseSquare(gpu, portrait, flags, config.input_size, progress.note);
    const finish = frameFinisher(flags, portrait, square, config.input_size, size);
    const image = preparePortrait(portrait, square, config.input_size);
    // Not before: where something is wrong with what was given, that is all there is to say.
    if (chosen.note !== undefined) progress.note(chosen.note);
    const float = { gpu, ...opened, precision: flags.precision };
    const video: AsyncIterable<StreamedFrame & { count?: number }> = isArriving(speech)
      ? animateStream(float, image, speech.pieces, {
          ...options,
          ...streamOptions(flags, speech),
        })
      : animate(float, image, speech, options);
    for await (const frame of video) {
      const end = beginSpan(gpu, 'write frame');
      const picture = finish(frame.picture);
      await outputs.addFrame(flags.mark ? drawMark(picture) : picture);
      end();
      if (frames++ === 0) firstFrame = seconds();
      progress.status(...frameStatus(frames, frame.count, seconds()));
    }
    const made = await outputs.finish();
    await profile?.write();
    progress.end();
    const gpuBytes = gpu.memory.peak;
    report(flags, progress.note, {
      ...made,
      seconds: seconds(),
      firstFrame,
      adapter: name,
      gpuBytes,
    });
  } finally {
    progress.end();
    await undoAll(undo);
  }
}

/** Motion saved by `--motion-out`: one tensor `motion` [frames, d]. */
async function readMotion(path: string, d: number): Promise<Float32Array> {
  const bytes = await openFileSource(path);
  try {
    const source = await openSafetensors(bytes);
    const shape = source.tensors.get('motion')?.shape;
    if (shape?.length !== 2 || shape[1] !== d || shape[0] === 0) {
      const found = shape ? formatShape(shape) : 'none';
      throw new InputError(`${path}: motion: expected a tensor [frames, ${d}], found ${found}`);
    }
    return finite(await source.read('motion'), `${path}: tensor "motion"`);
  } finally {
    await bytes.close();
  }
}

function report(flags: AnimateFlags, note: (line: string) => void, result: Result): void {
  const { out, framesDir, motionOut } = flags;
  const { frames, duration, seconds } = result;
  const rate = (frames / seconds).toFixed(1);
  if (flags.json) printJson({ out, framesDir, motionOut, ...result });
  const targets = [out, framesDir, motionOut].filter((path) => path !== undefined);
  note(
    `${targets.join(', ')}: ${frames} frames, ${duration.toFixed(1)} s of video in ${seconds.toFixed(1)} s (${rate} frames/s)`,
  );
}
