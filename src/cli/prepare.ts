import { InputError } from '../base/errors.js';
import { recordedClip, synthesisedClip, type ClipOptions } from '../cartoon/clip.js';
import { findClip, findManifest, writeClip, writeManifest, type ClipNote } from '../node/dataset-files.js';
import { loadEspeak } from '../node/espeak.js';
import { requestNodeAdapter } from '../node/gpu.js';
import { sha256 } from '../node/hash.js';
import { exampleSpeech } from '../node/known-speech.js';
import { makeOutputFolders } from '../node/make-folders.js';
import { openWeights } from '../node/weights.js';
import { closeGpu, openGpu } from '../runtime/gpu.js';
import { createClipEncoder, knowsCartoons } from '../train/clip-encoder.js';
import type { ClipRecord, DatasetManifest } from '../train/dataset.js';
import { encodersOf } from '../train/encoders.js';
import type { PrepareFlags } from './prepare-flags.js';
import { clipStatus, createProgress } from './progress.js';
import { undoAll } from './undo.js';

/** Every so manyth clip is held out. */
const heldOutEvery = 8;

export async function runPrepare(flags: PrepareFlags, signal: AbortSignal): Promise<void> {
  if (!flags.cartoon)
    throw new InputError('prepare: expected --cartoon: data sets of videos cannot be made yet');
  const progress = createProgress(flags.quiet === true);
  const undo: (() => unknown)[] = [];
  try {
    const opened = await openWeights(flags.weights, {
      parts: ['motion_autoencoder', 'audio_encoder', 'emotion_encoder'],
    });
    undo.push(() => opened.close());
    const { config } = opened.model;
    const latents = flags.latents ?? (knowsCartoons(config) ? 'known' : 'encoded');
    if (latents === 'known' && !knowsCartoons(config)) {
      throw new InputError(`--latents known: ${flags.weights}: its directions are not a cartoon's motions`);
    }
    const { makeClip, speech } = await openSpeech(flags, config.fps);
    const made = { by: 'float prepare --cartoon', seed: flags.seed, speech, latents };
    const encoders = await encodersOf(opened.weights, sha256);
    const settings = JSON.stringify({ made, encoders, fps: config.fps });

    await checkFolder(flags.out, { made, encoders });
    await makeOutputFolders(flags.out);
    const { adapter } = await requestNodeAdapter({ adapter: flags.adapter, log: progress.note });
    const gpu = await openGpu(adapter);
    undo.push(() => closeGpu(gpu));
    const encoder = await createClipEncoder(gpu, opened.weights, opened.model, latents);
    undo.push(() => encoder.destroy());

    const clips: ClipRecord[] = [];
    let found = 0;
    const started = performance.now();
    for (let index = 0; index < flags.clips; index++) {
      signal.throwIfAborted();
      const file = `clip${String(index).padStart(5, '0')}.safetensors`;
      const before = await findClip(flags.out, file, settings);
      if (before) {
        clips.push(before);
        found++;
        continue;
      }
      const heldOut = index % heldOutEvery === Math.min(heldOutEvery, flags.clips) - 1;
      const clip = makeClip({ seed: flags.seed, index, heldOut, fps: config.fps });
      const note: ClipNote = {
        frames: clip.motion.length,
        split: heldOut ? 'held-out' : 'train',
        identity: `${flags.seed}/${index}`,
        utterance: clip.utterance,
      };
      clips.push(
        await writeClip(flags.out, file, await encoder.encode(clip, flags.seed, index), note, settings),
      );
      progress.status(
        ...clipStatus(index + 1 - found, flags.clips - found, (performance.now() - started) / 1000),
      );
    }
    const manifest: DatasetManifest = {
      format: 'float-webgpu motion data set',
      version: 1,
      fps: config.fps,
      widths: {
        features: opened.model.wav2vec2.num_hidden_layers * opened.model.wav2vec2.hidden_size,
        latent: config.dim_w,
        emotion: config.dim_e,
      },
      encoders,
      made,
      clips,
    };
    await writeManifest(flags.out, manifest);
    progress.end();
    progress.note(summary(flags.out, manifest, found));
  } finally {
    progress.end();
    await undoAll(undo);
  }
}

/** Who says it: espeak-ng, or the recordings. */
async function openSpeech({ speech }: PrepareFlags, fps: number) {
  const espeak = speech === 'examples' ? undefined : await loadEspeak();
  if (espeak) {
    return {
      speech: `espeak-ng ${espeak.version}`,
      makeClip: (options: ClipOptions) => synthesisedClip(espeak, options),
    };
  }
  if (speech === 'espeak') {
    throw new InputError(
      '--speech espeak: expected espeak-ng’s library and the npm package koffi: not found',
    );
  }
  if (fps !== 25)
    throw new InputError(`--speech examples: its mouths are at 25 frames a second, the model at ${fps}`);
  const recordings = await exampleSpeech();
  return {
    speech: 'examples',
    makeClip: (options: ClipOptions) => recordedClip(recordings, options),
  };
}

/** A folder with a data set of other settings is left alone. */
async function checkFolder(
  folder: string,
  wanted: Pick<DatasetManifest, 'made' | 'encoders'>,
): Promise<void> {
  const before = await findManifest(folder);
  if (!before) return;
  const { made, encoders } = before;
  const differs = Object.keys({ ...made, ...wanted.made }).find((key) => made[key] !== wanted.made[key]);
  if (differs !== undefined || encoders !== wanted.encoders) {
    const what = differs ?? 'encoders';
    throw new InputError(
      `${folder}: there is another data set (${what} differs); expected a new or empty folder`,
    );
  }
}

function summary(folder: string, { clips, fps }: DatasetManifest, found: number): string {
  const seconds = clips.reduce((sum, { frames }) => sum + frames, 0) / fps;
  const held = clips.filter(({ split }) => split === 'held-out').length;
  const kept = found > 0 ? `; ${found} were there` : '';
  return `${folder}: ${clips.length} clips (${held} held out), ${(seconds / 60).toFixed(1)} minutes${kept}`;
}
