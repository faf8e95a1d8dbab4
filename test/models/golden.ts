import { readFileSync } from 'node:fs';
import type { HostTensor } from '../../src/runtime/evaluate.js';
import { allowedError } from '../../src/verify/compare.js';
import { parseConfig } from '../../src/weights/config.js';
import { openSafetensors } from '../../src/weights/safetensors.js';
import type { WeightSource } from '../../src/weights/source.js';
import { memorySource } from '../../src/weights/source.js';

const folder = new URL('../../golden/tiny/', import.meta.url);

/** A stage of golden/tiny: its tensors, in full, and what error each may have (see golden/README.md). */
export async function goldenStage(stage: string) {
  const json = JSON.parse(readFileSync(new URL(`${stage}.json`, folder), 'utf8')) as {
    tensors: Record<string, { torch_f32_error: number }>;
  };
  const source = await openTiny(`${stage}.safetensors`);
  const tensors = new Map<string, HostTensor>();
  for (const [name, { shape }] of source.tensors) {
    tensors.set(name, { shape, data: await source.read(name) });
  }
  return {
    config: parseConfig(json, `${stage}.json`).config,
    tensors,
    tensor: (name: string): HostTensor => {
      const tensor = tensors.get(name);
      if (!tensor) throw new Error(`golden/tiny/${stage} has no ${name}`);
      return tensor;
    },
    /** The relative error allowed, as `float verify` allows it. */
    allowance: (name: string) => allowedError(json.tensors[name]!.torch_f32_error),
  };
}

export function tinyWeights(): Promise<WeightSource> {
  return openTiny('weights.safetensors');
}

async function openTiny(file: string): Promise<WeightSource> {
  return openSafetensors(memorySource(file, readFileSync(new URL(file, folder))));
}

export function tinyFile(name: string): Uint8Array {
  return readFileSync(new URL(name, folder));
}
