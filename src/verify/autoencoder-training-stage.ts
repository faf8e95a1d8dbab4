import { InputError } from '../base/errors.js';
import type { HostTensor } from '../runtime/evaluate.js';
import type { Plan } from '../runtime/plan.js';
import { destroyPlan, readOutputs, runPlan, writeInput } from '../runtime/plan.js';
import { readTensors } from '../runtime/read-back.js';
import { building, closeScope, own } from '../runtime/scope.js';
import { adamControl, adamInput } from '../train/adam.js';
import type { AutoencoderBatch, Box } from '../train/autoencoder-batch.js';
import type { LossTerm } from '../train/autoencoder-losses.js';
import { lossWeights } from '../train/autoencoder-losses.js';
import type { AutoencoderTraining } from '../train/autoencoder-step.js';
import {
  compileDiscriminatorStep,
  compileGeneratorStep,
  compileLossGradient,
  openDiscriminators,
  openGenerator,
  writePictures,
} from '../train/autoencoder-step.js';
import type { TrainedNetwork } from '../train/trained-network.js';
import { loadVgg } from '../train/vgg.js';
import { generator as rule, syntheticWeights } from '../weights/synthetic.js';
import type { GoldenStage } from './golden-set.js';
import type { StageContext, StageResult } from './stage.js';

type Results = Map<string, HostTensor | Float32Array>;

/** Steps that the set stores losses of; the parameters' changes are those after the first and the last. */
const steps = 3;

/**
 * One batch: reconstruction, each term of the loss and its gradient there, every parameter's gradient, logits and
 * gradients of the discriminators, and how far each parameter of the generator moves in one and three steps of its own.
 */
export async function verifyAutoencoderTraining(
  { float }: StageContext,
  stage: GoldenStage,
): Promise<StageResult> {
  const { gpu, weights, model } = float;
  const { adam, synthetic } = stage;
  if (!adam) throw new InputError(`${stage.file}: adam: expected the settings of Adam`);
  const made = syntheticWeights({ generator: rule, tensors: synthetic }, `${stage.file}: synthetic`);
  const batch = await readBatch(stage);
  // The set's crops are as large as its boxes.
  const crops = { eye: batch.eyes[0]?.[2] ?? 0, lip: batch.lips[0]?.[2] ?? 0 };
  const opened = await building(async (scope) => {
    const vgg = await loadVgg(scope, gpu, made, 'vgg.');
    const open = async (network: Promise<TrainedNetwork>) =>
      own(scope, await network, (each) => each.destroy());
    const generator = await open(openGenerator(gpu, weights));
    const discriminators = await open(openDiscriminators(gpu, made));
    const training: AutoencoderTraining = {
      gpu,
      config: model.config,
      generator,
      discriminators,
      vgg,
      crops,
    };
    return { training, scope };
  });
  try {
    const results: Results = new Map();
    const control = (step: number) => adamControl(adam, step);
    await run(opened.training, batch, control, results);
    return { tensors: results };
  } finally {
    closeScope(opened.scope);
  }
}

async function readBatch(stage: GoldenStage): Promise<AutoencoderBatch> {
  const boxes = async (name: string) => {
    const values = await stage.read(name);
    return Array.from({ length: values.length / 3 }, (_, at): Box => {
      const [top = 0, left = 0, side = 0] = values.subarray(3 * at);
      return [top, left, side];
    });
  };
  return {
    source: await stage.read('in.source'),
    driving: await stage.read('in.driving'),
    mask: await stage.read('in.mask'),
    eyes: await boxes('in.roi.eye'),
    lips: await boxes('in.roi.lip'),
  };
}

async function run(
  training: AutoencoderTraining,
  pictures: AutoencoderBatch,
  control: (step: number) => Float32Array<ArrayBuffer>,
  results: Results,
): Promise<void> {
  const { generator } = training;
  const batch = pictures.lips.length;
  const plan = await compileGeneratorStep(training, batch);
  try {
    writePictures(plan, training, pictures);
    const start = await valuesOf(generator);
    const losses: number[] = [];
    for (let step = 1; step <= steps; step++) {
      writeInput(plan, adamInput, control(step));
      runPlan(plan);
      losses.push(
        await readLosses(plan, step === 1 ? results : new Map<string, HostTensor | Float32Array>()),
      );
      if (step === 1) {
        const shown = await readOutputs(plan, ['reconstruction', 'grad.reconstruction']);
        for (const [name, values] of Object.entries(shown)) results.set(name, values);
        await storeGradients(generator, results);
        await lookAtTerms(training, plan, pictures, results);
        await lookAtDiscriminators(training, plan, pictures, control, results);
      }
      if (step === 1 || step === steps) {
        const now = await valuesOf(generator);
        for (const [name, values] of now) {
          const before = start.get(name)!;
          results.set(
            `delta${step}.${name}`,
            values.map((value, at) => value - before[at]!),
          );
        }
      }
    }
    results.set('losses', Float32Array.from(losses));
  } finally {
    destroyPlan(plan);
  }
}

/** The loss with its λ; stores the terms. */
async function readLosses(plan: Plan, results: Results): Promise<number> {
  const terms = Object.entries(lossWeights) as [LossTerm, number][];
  const read = await readOutputs(
    plan,
    terms.map(([term]) => `loss.${term}`),
  );
  let sum = 0;
  for (const [term, weight] of terms) {
    const value = read[`loss.${term}`]!;
    results.set(`loss.${term}`, value);
    sum += weight * value[0]!;
  }
  results.set('loss', Float32Array.of(sum));
  return sum;
}

async function lookAtTerms(
  training: AutoencoderTraining,
  step: Plan,
  pictures: AutoencoderBatch,
  results: Results,
): Promise<void> {
  for (const term of Object.keys(lossWeights) as LossTerm[]) {
    const plan = await compileLossGradient(training, step, pictures.lips.length, [term]);
    try {
      writePictures(plan, training, pictures);
      runPlan(plan);
      results.set(`grad.reconstruction.${term}`, (await readOutputs(plan, ['grad'])).grad);
    } finally {
      destroyPlan(plan);
    }
  }
}

async function lookAtDiscriminators(
  training: AutoencoderTraining,
  step: Plan,
  pictures: AutoencoderBatch,
  control: (step: number) => Float32Array<ArrayBuffer>,
  results: Results,
): Promise<void> {
  const plan = await compileDiscriminatorStep(training, step, pictures.lips.length);
  try {
    writePictures(plan, training, pictures);
    // The set keeps the discriminators as they are: no rate.
    writeInput(plan, adamInput, control(1).fill(0, 0, 1));
    runPlan(plan);
    const names = [...plan.outputs.keys()];
    const read = await readOutputs(plan, names);
    for (const name of names) {
      results.set(name.replace(/^loss\./, 'loss.discriminator.'), read[name]!);
    }
    await storeGradients(training.discriminators, results);
  } finally {
    destroyPlan(plan);
  }
}

async function storeGradients({ gpu, flat }: TrainedNetwork, results: Results): Promise<void> {
  const names = [...flat.views.keys()];
  const gradients = await readTensors(
    gpu,
    [...flat.views.values()].map(({ gradient }) => gradient),
  );
  names.forEach((name, at) => results.set(`grad.${name}`, gradients[at]!));
}

async function valuesOf({ gpu, flat }: TrainedNetwork): Promise<Map<string, Float32Array>> {
  const values = await readTensors(
    gpu,
    [...flat.views.values()].map(({ value }) => value),
  );
  return new Map([...flat.views.keys()].map((name, at) => [name, values[at]!]));
}
