import { readFileSync } from 'node:fs';
import type { FloatModel } from '../src/pipeline/motion.js';
import { readPng } from '../src/node/png.js';
import { readWav } from '../src/node/wav.js';
import { fileURLToPath } from 'node:url';
import { loadWeights } from '../src/weights/load.js';
import { memorySource } from '../src/weights/source.js';
import type { Gpu } from '../src/runtime/gpu.js';

const path = (relative: string) => fileURLToPath(new URL(`../${relative}`, import.meta.url));

/** A checkpoint read into memory, with its configuration. */
async function modelOf(gpu: Gpu, weights: string, config: string): Promise<FloatModel> {
  const bytes = memorySource(weights, readFileSync(path(weights)));
  const json: unknown = JSON.parse(readFileSync(path(config), 'utf8'));
  return { gpu, ...(await loadWeights(bytes, { config: { json, name: config } })) };
}

/** The demo checkpoint, and the golden tiny one. */
export const demoModel = (gpu: Gpu) =>
  modelOf(gpu, 'weights/demo/weights.safetensors', 'weights/demo/config.json');
export const tinyModel = (gpu: Gpu) =>
  modelOf(gpu, 'golden/tiny/weights.safetensors', 'golden/tiny/weights.json');

export const examplePortrait = (number: number) => readPng(path(`examples/portraits/portrait${number}.png`));
export const exampleSpeech = (name: string) => readWav(path(`examples/speech/${name}.wav`));
export const goldenFolder = (name: string) => path(`golden/${name}`);
export const exampleFile = (name: string) => path(`examples/${name}`);
