import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FloatModel } from '../../src/pipeline/motion.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import { drawBatch } from '../../src/train/draw-batch.js';
import type { FmtChoices } from '../../src/train/fmt-settings.js';
import { completeSettings, emaAt } from '../../src/train/fmt-settings.js';
import type { FmtTrainer } from '../../src/train/fmt-trainer.js';
import { createFmtTrainer } from '../../src/train/fmt-trainer.js';
import { initialWeights } from '../../src/train/initial-weights.js';
import { DivergedError, runTraining } from '../../src/train/run-training.js';
import { expectClose } from '../compare.js';
import { openTestGpu } from '../fixtures.js';
import { tinyModel } from '../model.js';
import { tinyDataset } from './tiny-dataset.js';

let gpu: Gpu;
let float: FloatModel;
beforeAll(async () => {
  gpu = await openTestGpu();
  float = await tinyModel(gpu);
});
afterAll(() => closeGpu(gpu));

const settings = (choices: FmtChoices = {}) =>
  completeSettings({ preset: 'demo', steps: 5, batch: 4, rate: 1e-3, warmup: 0, ...choices });

async function withTrainer<T>(choices: FmtChoices, work: (trainer: FmtTrainer) => Promise<T>): Promise<T> {
  const own = settings(choices);
  const start = initialWeights(float.weights, float.model, own.seed);
  const trainer = await createFmtTrainer(gpu, start, float.model, own);
  try {
    return await work(trainer);
  } finally {
    trainer.destroy();
  }
}

function train(trainer: FmtTrainer, choices: FmtChoices, step = 0, stops: () => boolean = () => false) {
  return runTraining({
    trainer,
    dataset: tinyDataset(float.model),
    config: float.model.config,
    settings: settings(choices),
    from: { step, firstLoss: undefined },
    stops,
  });
}

const flat = (values: ReadonlyMap<string, Float32Array>) =>
  new Map([...values].map(([name, data]) => [name, Array.from(data)]));

describe('a training run', () => {
  it('is the same bit for bit with the same seed, and another with another', async () => {
    const weights = (seed: number) =>
      withTrainer({ seed }, async (trainer) => {
        await train(trainer, { seed });
        return flat(await trainer.weights());
      });
    const first = await weights(3);
    expect(await weights(3)).toEqual(first);
    expect(await weights(4)).not.toEqual(first);
  });

  it('goes on from its state as if it had not ended', async () => {
    const whole = await withTrainer({}, async (trainer) => {
      await train(trainer, {});
      return flat(await trainer.weights());
    });
    const state = await withTrainer({}, async (trainer) => {
      const end = await train(trainer, {}, 0, () => true);
      expect(end.step).toBe(1);
      return trainer.readState();
    });
    const resumed = await withTrainer({}, async (trainer) => {
      await trainer.writeState((name) => Promise.resolve(state.get(name)!.data));
      await train(trainer, {}, 1);
      return flat(await trainer.weights());
    });
    expect(resumed).toEqual(whole);
  });

  it('computes in pieces what it computes at once', async () => {
    const values = (accumulate: number) =>
      withTrainer({ accumulate }, async (trainer) => {
        const batch = await drawBatch(tinyDataset(float.model), float.model.config, settings(), 1);
        const report = await trainer.step(batch, 1);
        return { report, m: await trainer.readState() };
      });
    const [once, pieces] = [await values(1), await values(4)];
    for (const term of ['main', 'velocity', 'norm'] as const) {
      expect(pieces.report[term] / once.report[term]).toBeCloseTo(1, 5);
    }
    for (const [name, { data }] of once.m) {
      if (name.startsWith('m/')) expectClose(name, pieces.m.get(name)!.data, data, 1e-5);
    }
  });

  it('keeps the running mean of its weights', async () => {
    const choices = { ema: 0.5 };
    await withTrainer(choices, async (trainer) => {
      const valueOf = async () => {
        const state = await trainer.readState();
        return {
          value: state.get('value/fmt.x_embedder.proj.weight')!.data,
          mean: state.get('ema/fmt.x_embedder.proj.weight')!.data,
        };
      };
      let expected = (await valueOf()).value.map(Number);
      for (let step = 1; step <= 3; step++) {
        await trainer.step(
          await drawBatch(tinyDataset(float.model), float.model.config, settings(choices), step),
          step,
        );
        const keep = emaAt(settings(choices), step);
        const { value, mean } = await valueOf();
        expected = expected.map((before, i) => keep * before + (1 - keep) * value[i]!);
        expectClose(`step ${step}`, mean, expected, 1e-6);
      }
      expect((await trainer.weights()).get('fmt.x_embedder.proj.weight')).toEqual((await valueOf()).mean);
    });
  });

  it('names step and term when it diverges, and does not pause after', async () => {
    const choices = { rate: 1e30, ema: 0 };
    const paused: number[] = [];
    const failed = withTrainer(choices, (trainer) =>
      runTraining({
        trainer,
        dataset: tinyDataset(float.model),
        config: float.model.config,
        settings: settings(choices),
        from: { step: 0, firstLoss: undefined },
        pausesAfter: () => true,
        onPause: ({ step }) => Promise.resolve(void paused.push(step)),
      }),
    );
    await expect(failed).rejects.toThrow(DivergedError);
    await expect(failed).rejects.toThrow(
      /^training diverged at step [234]: (the main term|the velocity term|the gradient) is /,
    );
    expect(paused.at(-1)).toBeLessThan(4);
  });

  it('learns each objective: the loss of a batch falls', async () => {
    for (const objective of ['flow', 'epsilon', 'sample'] as const) {
      const choices = {
        objective,
        drop: { audio: 0, source: 0, emotion: 0, precedingMotion: 0, precedingAudio: 0 },
      };
      await withTrainer(choices, async (trainer) => {
        const batch = await drawBatch(tinyDataset(float.model), float.model.config, settings(choices), 1);
        const losses: number[] = [];
        for (let step = 1; step <= 5; step++) losses.push((await trainer.step(batch, step)).loss);
        expect(losses.at(-1)).toBeLessThan(losses[0]!);
      });
    }
  });
});
