import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openGoldenFolder } from '../src/node/golden-files.js';
import { closeGpu } from '../src/runtime/gpu.js';
import type { Gpu } from '../src/runtime/gpu.js';
import type { Tuning } from '../src/runtime/tuning.js';
import { inferenceStages, openStage, trainingStages } from '../src/verify/golden-set.js';
import type { GoldenStageName } from '../src/verify/golden-set.js';
import { verifyStages } from '../src/verify/stages.js';
import { openTestGpu, useProduct } from './fixtures.js';
import { demoModel, goldenFolder, tinyModel } from './model.js';

let gpu: Gpu;
let chosen: Tuning;
beforeAll(async () => {
  gpu = await openTestGpu();
  chosen = gpu.tuning;
});
afterAll(() => closeGpu(gpu));
beforeEach(() => {
  gpu.tuning = chosen;
});

/** What a set gives a stage, and we do not compute (golden/README.md). */
const isGiven = (stage: string, name: string) =>
  (name.startsWith('in.') && name !== 'in.normalized') || (stage === 'decode' && name === 'latent');

/** The pictures that golden/tiny keeps of a stage. */
const pictures: Partial<Record<GoldenStageName, string[]>> = {
  decode: ['decode.frame.png'],
  animate: ['animate.frame0.png', 'animate.frame12.png', 'animate.frame23.png'],
};

/** Runs one stage of a set: every tensor it stores must be judged, and pass; what is given counts as given alone. */
async function verifyStage(set: 'tiny' | 'demo' | 'train', name: GoldenStageName): Promise<void> {
  const files = await openGoldenFolder(goldenFolder(set));
  const stage = await openStage(files, name);
  const model = await (set === 'demo' ? demoModel(gpu) : tinyModel(gpu));
  const judged: string[] = [];
  const given: string[] = [];
  const drawn: string[] = [];
  const failed: string[] = [];
  for await (const row of verifyStages(model, files, [name])) {
    if (!('torchError' in row)) drawn.push(row.name);
    else (row.kind === 'given' ? given : judged).push(row.name);
    if (!row.pass) failed.push(JSON.stringify(row));
  }
  expect(failed).toEqual([]);
  const stored = [...(stage?.tensors.keys() ?? [])];
  expect(judged).toEqual(stored.filter((tensor) => !isGiven(name, tensor)));
  expect(given).toEqual(stored.filter((tensor) => isGiven(name, tensor)));
  expect(judged.length).toBeGreaterThan(0);
  if (set === 'tiny') expect(drawn).toEqual(pictures[name] ?? []);
}

/** What cards launch and what processors do, see tuning.ts; by itself the test's adapter would choose one of them. */
const families: readonly [string, Pick<Tuning, 'product' | 'row'>][] = [
  ['cards', { product: 'shared', row: 'workgroup' }],
  ['processors', { product: 'subgroup', row: 'invocation' }],
];

describe.each(families)(
  'golden/tiny, the published model at small, awkward widths; kernels of %s',
  (_, family) => {
    beforeEach((test) => {
      useProduct(gpu, family.product, test);
      gpu.tuning = { ...gpu.tuning, ...family };
    });
    it.each(inferenceStages)('%s', (stage) => verifyStage('tiny', stage));
  },
);

describe('golden/demo: the trained checkpoint that ships', () => {
  it.each(['encode', 'audio', 'emotion', 'sample', 'animate'] as const)('%s', (stage) =>
    verifyStage('demo', stage),
  );
});

describe('golden/train: losses, every gradient and optimiser steps, on the weights of golden/tiny', () => {
  it.each(trainingStages)('%s', (stage) => verifyStage('train', stage));
});
