import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fitSquare } from '../src/media/resize.js';
import { speechSamples } from '../src/media/speech.js';
import { directionMatrix } from '../src/models/autoencoder/direction.js';
import { pictureTensor } from '../src/media/picture-tensor.js';
import { createMotionAutoencoder } from '../src/models/autoencoder/motion-autoencoder.js';
import { speechMotion } from '../src/pipeline/motion.js';
import { closeGpu } from '../src/runtime/gpu.js';
import type { Gpu } from '../src/runtime/gpu.js';
import { openTestGpu } from './fixtures.js';
import { demoModel, exampleFile, examplePortrait, exampleSpeech } from './model.js';

const utterances = ['neutral', 'happy', 'angry'] as const;

/** λ = Qᵀr: the demo checkpoint's directions are the renderer's parameters; the sixth is the jaw's opening. */
const jaw = 5;

let gpu: Gpu;
const generated = new Map<string, number[]>();

beforeAll(async () => {
  gpu = await openTestGpu();
  const model = await demoModel(gpu);
  const { config } = model.model;
  const { q, cols } = await directionMatrix(model.weights);
  const autoencoder = await createMotionAutoencoder(gpu, model.weights, config);
  const portrait = fitSquare(await examplePortrait(2), config.input_size);
  const { rS } = await autoencoder.encode(pictureTensor(portrait));
  autoencoder.destroy();
  for (const name of utterances) {
    const curve: number[] = [];
    for await (const motion of speechMotion(model, rS, speechSamples(await exampleSpeech(name)))) {
      for (let start = 0; start < motion.length; start += config.dim_w) {
        const r = motion.subarray(start, start + config.dim_w);
        curve.push(r.reduce((sum, value, i) => sum + q[i * cols + jaw]! * value, 0));
      }
    }
    generated.set(name, curve);
  }
});
afterAll(() => closeGpu(gpu));

function trueJaw(name: string): number[] {
  return (JSON.parse(readFileSync(exampleFile(`speech/${name}.json`), 'utf8')) as { jaw: number[] }).jaw;
}

/** Pearson's r over the frames both curves have. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const n = Math.min(a.length, b.length);
  const centred = (x: readonly number[]) => {
    const part = x.slice(0, n);
    const mean = part.reduce((sum, v) => sum + v, 0) / n;
    return part.map((v) => v - mean);
  };
  const [x, y] = [centred(a), centred(b)];
  const dot = (u: readonly number[], v: readonly number[]) =>
    u.reduce((sum, value, i) => sum + value * v[i]!, 0);
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
}

describe('the demo model talks', () => {
  it.each(utterances)('%s: its jaw follows the speech', (name) => {
    expect(correlation(generated.get(name)!, trueJaw(name))).toBeGreaterThanOrEqual(0.75);
  });

  it.each(utterances)('%s: its jaw does not follow another speech', (name) => {
    for (const other of utterances.filter((candidate) => candidate !== name)) {
      expect(Math.abs(correlation(generated.get(name)!, trueJaw(other)))).toBeLessThan(0.5);
    }
  });
});
