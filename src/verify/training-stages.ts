import { InputError } from '../base/errors.js';
import type { HostTensor } from '../runtime/evaluate.js';
import type { Plan } from '../runtime/plan.js';
import { destroyPlan, readOutputs, runPlan, writeInput } from '../runtime/plan.js';
import { readTensors } from '../runtime/read-back.js';
import { adamControl, adamInput } from '../train/adam.js';
import type { FmtNetwork } from '../train/fmt-network.js';
import { openFmtNetwork } from '../train/fmt-network.js';
import { compileFmtStep, writeMotionInputs } from '../train/fmt-step.js';
import type { MotionBatch, Objective, Preceding } from '../train/motion-batch.js';
import { motionInputs } from '../train/motion-batch.js';
import type { GoldenStage } from './golden-set.js';
import type { StageContext, StageResult } from './stage.js';

const objectives: Record<string, { objective: Objective; preceding?: Preceding }> = {
  train_fmt_release: { objective: 'flow', preceding: 'motion' },
  train_fmt_paper: { objective: 'flow', preceding: 'velocity' },
  train_fmt_epsilon: { objective: 'epsilon' },
  train_fmt_sample: { objective: 'sample' },
};

/** Steps that the set stores losses of; the parameters' changes are those after the first and the last. */
const steps = 10;

/** One batch, ten Adam steps: field, losses, every gradient, and how far each parameter moves. */
export async function verifyFmtTraining({ float }: StageContext, stage: GoldenStage): Promise<StageResult> {
  const { gpu, weights, model } = float;
  const variant = objectives[stage.name];
  const { adam } = stage;
  if (!variant || !adam) throw new InputError(`${stage.file}: adam: expected the settings of Adam`);
  const network = await openFmtNetwork(gpu, weights, model.config);
  try {
    const batch = await readBatch(stage);
    const plan = await compileFmtStep(network, { batch: batch.t.length, ...variant });
    try {
      const alphaBar = stage.tensors.has('in.alpha_bar') ? await stage.read('in.alpha_bar') : undefined;
      writeMotionInputs(plan, motionInputs(model.config, batch, variant.objective, { ...variant, alphaBar }));
      const { max_grad_norm: maxNorm, ...settings } = adam;
      const control = (step: number) => adamControl({ ...settings, maxNorm }, step);
      return { tensors: await train(network, plan, control, variant.objective !== 'epsilon') };
    } finally {
      destroyPlan(plan);
    }
  } finally {
    network.destroy();
  }
}

async function readBatch(stage: GoldenStage): Promise<MotionBatch> {
  const read = (name: string) => stage.read(`in.${name}`);
  return {
    motion: await read('motion'),
    noise: await read('noise'),
    features: await read('features'),
    wr: await read('wr'),
    we: await read('we'),
    t: await read(stage.tensors.has('in.step') ? 'step' : 't'),
    keep: await read('keep'),
  };
}

async function train(
  { flat }: FmtNetwork,
  plan: Plan,
  control: (step: number) => Float32Array<ArrayBuffer>,
  hasVelocity: boolean,
): Promise<Map<string, HostTensor | Float32Array>> {
  const result = new Map<string, HostTensor | Float32Array>();
  const names = [...flat.views.keys()];
  const values = () =>
    readTensors(
      flat.gpu,
      [...flat.views.values()].map(({ value }) => value),
    );
  const start = await values();
  const losses: number[] = [];
  for (let step = 1; step <= steps; step++) {
    writeInput(plan, adamInput, control(step));
    runPlan(plan);
    const { loss, norm, v } = await readOutputs(plan, ['loss', 'norm', 'v']);
    const [main, velocity] = [loss[0]!, hasVelocity ? loss[1]! : 0];
    losses.push(main + velocity);
    if (step === 1) {
      result
        .set('v', v)
        .set('grad_norm', norm)
        .set('loss', Float32Array.of(main + velocity));
      result.set('loss.main', Float32Array.of(main)).set('loss.velocity', Float32Array.of(velocity));
      const gradients = await readTensors(
        flat.gpu,
        [...flat.views.values()].map(({ gradient }) => gradient),
      );
      names.forEach((name, i) => result.set(`grad.${name}`, gradients[i]!));
    }
    if (step === 1 || step === steps) {
      const now = await values();
      names.forEach((name, i) =>
        result.set(
          `delta${step}.${name}`,
          now[i]!.map((value, at) => value - start[i]![at]!),
        ),
      );
    }
  }
  return result.set('losses', Float32Array.from(losses));
}
