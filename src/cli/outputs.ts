import { resolve } from 'node:path';
import { joinArrays } from '../base/arrays.js';
import type { Picture } from '../media/picture.js';
import type { Size } from '../media/resize.js';
import type { Sound } from '../media/sound.js';
import { createFrameWriter, type FrameWriter } from '../node/frames.js';
import { madeBy } from '../node/made-by.js';
import { checkTarget, writeWhole } from '../node/partial-file.js';
import type { ArrivingSound } from '../media/sound.js';
import type { VideoFacts } from '../node/video.js';
import type { PipeOptions } from '../node/byte-stream.js';
import { faceWeightsPath } from '../node/face-weights.js';
import { checkClaims, outputPath } from './claims.js';
import { InputError } from '../base/errors.js';
import type { FloatConfig } from '../weights/config.js';
import { writeSafetensors } from '../weights/safetensors.js';

export interface OutputFlags {
  readonly out?: string;
  readonly framesDir?: string;
  /** Frames of an earlier run in that folder are removed. */
  readonly cleanFrames?: boolean;
  readonly motionOut?: string;
  readonly profile?: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

export interface InputFlags {
  readonly image: string;
  readonly audio: string;
  readonly weights: string;
  readonly config?: string;
  readonly motionIn?: string;
}

export interface OutputOptions extends Required<PipeOptions> {
  readonly config: FloatConfig;
  /** Of the video and of the PNGs. */
  readonly size: Size;
  readonly fps: number;
  readonly speech: Sound | ArrivingSound;
  /** Written into the video's metadata. */
  readonly title: string;
  readonly comment: string;
}

/** What a video has; without one nothing has a size in bytes. */
export type Made = Omit<VideoFacts, 'bytes'> & Partial<VideoFacts>;

/** Everything a run writes. */
export interface Outputs {
  /** The next frame of the video, of the size announced. */
  addFrame(picture: Picture): Promise<void>;
  addMotion(motion: Float32Array): void;
  /** Gives the files their names, and tells what the video has; without a video, what the frames have. */
  finish(): Promise<Made>;
  /** Removes what is unfinished; harmless after `finish`. */
  abandon(): Promise<void>;
}

/**
 * Makes the folder of the frames and sees that no output is an input or another output, before anything is read. What
 * it made is the caller's to `abandon`.
 *
 * @throws InputError naming the options, or the path that cannot be written.
 */
export async function claimOutputs(flags: OutputFlags & InputFlags): Promise<FrameWriter | undefined> {
  const { out, framesDir, motionOut, profile, quiet, json } = flags;
  if (out === undefined && framesDir === undefined && motionOut === undefined) {
    throw new InputError('animate: expected --out, --frames-dir or --motion-out');
  }
  if (framesDir === undefined && flags.cleanFrames)
    throw new InputError('--clean-frames: only with --frames-dir');
  for (const [option, path] of Object.entries({
    '--out': out,
    '--motion-out': motionOut,
    '--profile': profile,
  })) {
    if (path === undefined || framesDir === undefined || resolve(path) !== resolve(framesDir)) continue;
    throw new InputError(`${option} ${path} and --frames-dir ${framesDir} are the same place`);
  }
  if (framesDir === '') throw new InputError('--frames-dir: expected a folder, got an empty name');
  if (framesDir === '-') throw new InputError('--frames-dir: expected a folder, got -');
  const frames =
    framesDir === undefined ? undefined : await createFrameWriter(framesDir, { clean: flags.cleanFrames });
  try {
    await checkClaims({
      inputs: {
        '--image': flags.image,
        '--audio': flags.audio,
        '--config': flags.config,
        '--motion-in': flags.motionIn,
        'the face detector': faceWeightsPath(),
      },
      weights: { '--weights': flags.weights },
      outputs: {
        '--out': [out, '.mp4', '.m4v'],
        '--motion-out': [motionOut, '.safetensors'],
        '--profile': [profile, '.json'],
      },
      framesDir,
      quiet,
      json,
    });
    return frames;
  } catch (error) {
    frames?.abandon();
    throw error;
  }
}

/**
 * Opens the outputs asked for, before any work is done, so that a path that cannot be written is told at once.
 *
 * @param frames as `claimOutputs` gave it.
 * @throws InputError naming the path.
 */
export async function openOutputs(
  paths: OutputFlags,
  frameFiles: FrameWriter | undefined,
  options: OutputOptions,
): Promise<Outputs> {
  const { config, size, fps, speech, title, comment, signal, onWait } = options;
  for (const path of [paths.motionOut, paths.profile])
    if (path !== undefined) await checkTarget(outputPath(path));
  const { out, motionOut } = paths;
  const openVideo = async (path: string) => {
    // Not before: what makes videos takes a moment to load, and nothing that is refused needs it.
    const { createVideoWriter } = await import('../node/video.js');
    return createVideoWriter(outputPath(path), {
      ...size,
      fps,
      sound: speech,
      title,
      comment,
      signal,
      onWait,
    });
  };
  const video = out === undefined ? undefined : await openVideo(out);
  const motion: Float32Array[] = [];
  let frames = 0;
  return {
    async addFrame(picture) {
      frames++;
      await frameFiles?.addFrame(picture);
      await video?.addFrame(picture);
    },
    addMotion(window) {
      if (motionOut !== undefined) motion.push(window);
    },
    async finish() {
      const made = await video?.close();
      if (motionOut !== undefined) {
        const data = joinArrays(motion);
        const shape = [data.length / config.dim_w, config.dim_w];
        const bytes = writeSafetensors({ motion: { shape, data } }, madeBy);
        await writeWhole(outputPath(motionOut), bytes, { signal, onWait });
      }
      return made ?? { frames, fps, duration: frames / fps, ...size };
    },
    async abandon() {
      await video?.abort();
      frameFiles?.abandon();
    },
  };
}
