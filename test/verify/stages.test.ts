import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openGoldenFolder } from '../../src/node/golden-files.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import type { GoldenFiles } from '../../src/verify/golden-set.js';
import { openStage } from '../../src/verify/golden-set.js';
import { verifyStages } from '../../src/verify/stages.js';
import type { WeightSource } from '../../src/weights/source.js';
import { needsFloat16, openTestGpu } from '../fixtures.js';
import { goldenFolder, tinyModel } from '../model.js';

let gpu: Gpu;
let tiny: GoldenFiles;
beforeAll(async () => {
  gpu = await openTestGpu();
  tiny = await openGoldenFolder(goldenFolder('tiny'));
});
afterAll(() => closeGpu(gpu));

/** The tiny set's emotion stage with one tensor more, described or not. */
function withExtra(name: string, described: boolean): GoldenFiles {
  return {
    ...tiny,
    async json(file) {
      const json = (await tiny.json(file)) as { tensors: Record<string, unknown> };
      if (described) json.tensors[name] = { ...(json.tensors['logits'] as object), shape: [1] };
      return json;
    },
    async tensors(file) {
      const source = (await tiny.tensors(file)) as WeightSource;
      const tensors = new Map(source.tensors).set(name, { dtype: 'F32', shape: [1] });
      return {
        ...source,
        tensors,
        read: (key) => (key === name ? Promise.resolve(new Float32Array(1)) : source.read(key)),
      };
    },
  };
}

async function run(files: GoldenFiles): Promise<void> {
  for await (const row of verifyStages(await tinyModel(gpu), files, ['emotion']))
    expect(row.stage).toBe('emotion');
}

describe('a golden set in f16', () => {
  it('states every error of a tensor and compares the frames with those in f32', async (test) => {
    needsFloat16(gpu, test);
    const model = { ...(await tinyModel(gpu)), precision: 'f16' as const };
    const [errors, frames]: [number[], string[]] = [[], []];
    for await (const row of verifyStages(model, tiny, ['decode', 'animate'])) {
      expect(row.pass).toBe(true);
      if ('psnr' in row) frames.push(row.name);
      else if ('torchError' in row && row.kind === 'computed') errors.push(row.error);
    }
    expect(frames.slice(0, 2)).toEqual(['decode.frame.png', 'animate.frame0.png']);
    expect(errors.length).toBeGreaterThan(30);
    // A value rounded to f16 is off by up to 2^-11 of it, and layers add to that; in f32 all errors are below 2e-6.
    expect(Math.max(...errors)).toBeLessThan(3e-3);
    expect(Math.min(...errors)).toBeGreaterThan(2e-5);
  });
});

describe('a golden set', () => {
  it('has no tensor that is passed over', async () => {
    await expect(run(withExtra('layers.7', true))).rejects.toThrow(
      /"layers\.7" is nothing the emotion stage computes/,
    );
    await expect(run(withExtra('layers.7', false))).rejects.toThrow(/expected an entry for "layers\.7"/);
  });

  it('is refused when its description is broken', async () => {
    const broken = { ...tiny, json: () => Promise.resolve({ tensors: { logits: { shape: 7 } } }) };
    await expect(openStage(broken, 'emotion')).rejects.toThrow(
      /emotion\.json: tensors\.logits\.shape: expected a list/,
    );
  });

  it('need not have every stage', async () => {
    expect(await openStage({ ...tiny, json: () => Promise.resolve(undefined) }, 'sample')).toBeUndefined();
  });
});
