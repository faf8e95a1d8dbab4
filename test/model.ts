import type { FloatModel } from '../src/motion.js';
import { readPng } from '../src/node/png.js';
import { readWav } from '../src/node/wav.js';
import { openWeights } from '../src/node/weights.js';
import { fileURLToPath } from 'node:url';
import type { Gpu } from '../src/runtime/gpu.js';

const path = (relative: string) => fileURLToPath(new URL(`../${relative}`, import.meta.url));

/** The demo checkpoint, and the golden tiny one. */
export async function demoModel(gpu: Gpu): Promise<FloatModel> {
  return { gpu, ...(await openWeights(path('weights/demo'))) };
}
export async function tinyModel(gpu: Gpu): Promise<FloatModel> {
  return { gpu, ...(await openWeights(path('golden/tiny'))) };
}

export const examplePortrait = (number: number) => readPng(path(`examples/portraits/portrait${number}.png`));
export const exampleSpeech = (name: string) => readWav(path(`examples/speech/${name}.wav`));
export const goldenFolder = (name: string) => path(`golden/${name}`);
export const exampleFile = (name: string) => path(`examples/${name}`);
