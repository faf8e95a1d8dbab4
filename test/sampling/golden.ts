import { readFileSync } from 'node:fs';
import { openSafetensors } from '../../src/weights/safetensors.js';
import { allowedError } from '../../src/verify/compare.js';
import { memorySource } from '../../src/weights/source.js';
import type { FmtConfig } from '../../src/models/transformer/fmt-reference.js';

const folder = new URL('../../golden/tiny/', import.meta.url);

/** Every tensor of a file of golden/tiny, in memory. */
export async function goldenTensors(file: string): Promise<Map<string, Float32Array>> {
  const source = await openSafetensors(memorySource(file, readFileSync(new URL(file, folder))));
  const tensors = new Map<string, Float32Array>();
  for (const name of source.tensors.keys()) tensors.set(name, await source.read(name));
  return tensors;
}

interface GoldenStage {
  config: FmtConfig & { wav2vec_sec: number; fps: number; num_prev_frames: number };
  tensors: Record<string, { torch_f32_error: number }>;
}

export function goldenStage(stage: string): GoldenStage {
  return JSON.parse(readFileSync(new URL(`${stage}.json`, folder), 'utf8')) as GoldenStage;
}

/** What a tensor's error may be, as `float verify` allows it. */
export function allowance(stage: GoldenStage, name: string): number {
  return allowedError(stage.tensors[name]!.torch_f32_error);
}

/** ‖ours − golden‖ / ‖golden‖. */
export function relativeError(ours: ArrayLike<number>, golden: ArrayLike<number>): number {
  if (ours.length !== golden.length) throw new Error(`${ours.length} values against ${golden.length}`);
  let [difference, norm] = [0, 0];
  for (let i = 0; i < golden.length; i++) {
    difference += (ours[i]! - golden[i]!) ** 2;
    norm += golden[i]! ** 2;
  }
  return Math.sqrt(difference / norm);
}
