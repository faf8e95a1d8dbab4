import type { DatasetManifest, MotionDataset } from '../../src/train/dataset.js';
import { openMotionDataset } from '../../src/train/dataset.js';
import type { ModelConfig } from '../../src/weights/config.js';
import { openSafetensors, writeSafetensors } from '../../src/weights/safetensors.js';
import { memorySource } from '../../src/weights/source.js';
import { gaussian } from '../fixtures.js';

/** Files of a data set of noise, for a model of these sizes; every fourth clip is held out. */
export function tinyClips(
  { config, wav2vec2 }: ModelConfig,
  frames: readonly number[],
): { manifest: DatasetManifest; files: Map<string, Uint8Array<ArrayBuffer>> } {
  const widths = {
    features: wav2vec2.num_hidden_layers * wav2vec2.hidden_size,
    latent: config.dim_w,
    emotion: config.dim_e,
  };
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const clips = frames.map((T, i) => {
    const file = `clip${i}.safetensors`;
    const shapes = {
      features: [T, widths.features],
      latents: [T, widths.latent],
      source: [widths.latent],
      emotion: [widths.emotion],
    };
    const tensors = Object.entries(shapes).map(
      ([name, shape], k) => [name, gaussian(shape, 10 * i + k)] as const,
    );
    files.set(file, writeSafetensors(new Map(tensors)));
    const split = i % 4 === 3 ? ('held-out' as const) : ('train' as const);
    return { file, sha256: '0'.repeat(64), frames: T, split, identity: `${i}`, utterance: `${i}` };
  });
  const manifest: DatasetManifest = {
    format: 'float-webgpu motion data set',
    version: 1,
    fps: config.fps,
    widths,
    encoders: 'none',
    made: {},
    clips,
  };
  return { manifest, files };
}

export function tinyDataset(model: ModelConfig, frames: readonly number[] = [9, 30, 14, 12]): MotionDataset {
  const { manifest, files } = tinyClips(model, frames);
  return openMotionDataset('tiny', manifest, (file) => openSafetensors(memorySource(file, files.get(file)!)));
}
