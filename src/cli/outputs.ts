import { joinArrays } from '../base/arrays.js';
import type { Picture } from '../media/picture.js';
import type { Size } from '../media/resize.js';
import type { Sound } from '../media/sound.js';
import { createFrameWriter } from '../node/frames.js';
import { checkTarget, writeAtomically } from '../node/partial-file.js';
import type { ArrivingSound } from '../media/sound.js';
import { createVideoWriter } from '../node/video.js';
import type { FloatConfig } from '../weights/config.js';
import { writeSafetensors } from '../weights/safetensors.js';

export interface OutputPaths {
  readonly out?: string;
  readonly framesDir?: string;
  readonly motionOut?: string;
  /** Written by openProfile; only whether it can be is looked at here. */
  readonly profile?: string;
}

export interface OutputOptions {
  readonly config: FloatConfig;
  /** Of the video and of the PNGs. */
  readonly size: Size;
  readonly fps: number;
  readonly speech: Sound | ArrivingSound;
  /** Written into the video's metadata. */
  readonly title: string;
  readonly comment: string;
}

/** Everything a run writes. */
export interface Outputs {
  /** The next frame at the model's rate, of the size announced. */
  addFrame(picture: Picture): Promise<void>;
  addMotion(motion: Float32Array): void;
  /** Gives the files their names. */
  finish(): Promise<void>;
  /** Removes what is unfinished; harmless after `finish`. */
  abandon(): Promise<void>;
}

/**
 * Opens the outputs asked for, before any work is done, so that a path that cannot be written is told at once.
 *
 * @throws InputError naming the path.
 */
export async function openOutputs(paths: OutputPaths, options: OutputOptions): Promise<Outputs> {
  const { config, size, fps, speech, title, comment } = options;
  for (const path of [paths.motionOut, paths.profile]) if (path !== undefined) await checkTarget(path);
  const frameFiles = paths.framesDir === undefined ? undefined : await createFrameWriter(paths.framesDir);
  const video =
    paths.out === undefined
      ? undefined
      : await createVideoWriter(paths.out, { ...size, fps, sound: speech, title, comment });
  const motion: Float32Array[] = [];
  let modelFrames = 0;
  let videoFrames = 0;
  return {
    async addFrame(picture) {
      await frameFiles?.addFrame(picture);
      // At another rate than the model's, the video shows at each time the frame that the model has for it.
      modelFrames++;
      for (; (videoFrames * config.fps) / fps < modelFrames; videoFrames++) await video?.addFrame(picture);
    },
    addMotion(window) {
      if (paths.motionOut !== undefined) motion.push(window);
    },
    async finish() {
      await video?.close();
      if (paths.motionOut !== undefined) {
        const data = joinArrays(motion);
        const shape = [data.length / config.dim_w, config.dim_w];
        await writeAtomically(paths.motionOut, writeSafetensors({ motion: { shape, data } }));
      }
    },
    abandon: async () => video?.abort(),
  };
}
