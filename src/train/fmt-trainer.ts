import { blend } from '../ops/blend.js';
import type { Gpu } from '../runtime/gpu.js';
import { createTensor, destroyTensor, writeTensor } from '../runtime/gpu.js';
import type { Plan } from '../runtime/plan.js';
import { compilePlan, destroyPlan, outputTensor, runPlan, writeInput } from '../runtime/plan.js';
import { floatsOf, openReadBack, readBack, readTensors } from '../runtime/read-back.js';
import type { Recorder } from '../runtime/recorder.js';
import { input, output } from '../runtime/recorder.js';
import { building, closeScope, own } from '../runtime/scope.js';
import type { Tensor } from '../runtime/tensor.js';
import type { ModelConfig } from '../weights/config.js';
import type { WeightSource } from '../weights/source.js';
import { adamControl, adamInput, recordAdam } from './adam.js';
import { alphaBars } from '../sampling/diffusion.js';
import { pieceOfBatch } from './draw-batch.js';
import { parameterCount, type FlatPart } from './flat-parameters.js';
import { openFmtNetwork } from './fmt-network.js';
import type { FmtSettings } from './fmt-settings.js';
import { emaAt, rateAt } from './fmt-settings.js';
import { compileFmtStep, writeMotionInputs } from './fmt-step.js';
import type { MotionBatch } from './motion-batch.js';
import { motionInputs } from './motion-batch.js';

/** What a step says of itself. */
export interface StepReport {
  readonly step: number;
  /** The terms of the loss without their weights, and their weighted sum. */
  readonly main: number;
  readonly velocity: number;
  readonly loss: number;
  /** Length of the gradient before it is clipped. */
  readonly norm: number;
  readonly rate: number;
}

/** What Adam and the running mean keep of each parameter. */
export const stateKinds = ['value', 'm', 'v', 'ema'] as const;
export type StateKind = (typeof stateKinds)[number];

export interface FmtTrainer {
  /** Trains on a batch as step 1, 2, …. Calls may overlap: the next batch is drawn while the GPU computes. */
  step(batch: MotionBatch, step: number): Promise<StepReport>;
  /** The weights as a checkpoint is to have them: their running mean, if there is one. By name. */
  weights(): Promise<Map<string, Float32Array<ArrayBuffer>>>;
  /** All that the next step depends on, by `kind/name`; `ema` only with a running mean. */
  readState(): Promise<
    Map<string, { readonly shape: readonly number[]; readonly data: Float32Array<ArrayBuffer> }>
  >;
  /** @param read of what `readState` gave. */
  writeState(read: (name: string) => Promise<Float32Array<ArrayBuffer>>): Promise<void>;
  readonly parameters: number;
  /** GPU memory of the plans' inner tensors, in bytes. */
  readonly scratchBytes: number;
  destroy(): void;
}

/**
 * The transformer of a checkpoint with Adam beside it.
 *
 * @param source where training begins; its tensors fit `model`.
 * @throws OutOfMemoryError when a batch is too large for the adapter.
 */
export function createFmtTrainer(
  gpu: Gpu,
  source: WeightSource,
  { config }: ModelConfig,
  settings: FmtSettings,
): Promise<FmtTrainer> {
  return building(async (scope) => {
    const network = own(scope, await openFmtNetwork(gpu, source, config), (it) => it.destroy());
    const { flat } = network;
    const beside = (label: string) =>
      flat.parts.map(({ value }, i) =>
        own(scope, createTensor(gpu, `${label} ${i}`, value.shape), (it) => destroyTensor(gpu, it)),
      );
    const { accumulate: pieces, batch, objective, preceding, velocityWeight, maxNorm } = settings;
    const averages = settings.ema > 0 ? beside('mean values') : undefined;
    const sums = pieces > 1 ? beside('sums of gradients') : undefined;
    const plans: Plan[] = [];
    const keep = (plan: Plan) => {
      plans.push(own(scope, plan, destroyPlan));
      return plan;
    };
    /** Adam, and the running mean of what it leaves. */
    const recordUpdate = (rec: Recorder) => {
      const parts = flat.parts.map((part, i): FlatPart => ({
        ...part,
        gradient: sums?.[i] ?? part.gradient,
      }));
      const norm = recordAdam(rec, { ...flat, parts });
      if (averages) {
        const control = input(rec, 'ema', [2]);
        averages.forEach((mean, i) => blend(rec, control, parts[i]!.value, mean));
      }
      output(rec, 'norm', norm);
    };
    /** Adds the gradient of a piece of the batch to that of those before. */
    const recordSum = (rec: Recorder) => {
      const control = input(rec, 'accumulate', [2]);
      sums?.forEach((sum, i) => blend(rec, control, flat.parts[i]!.gradient, sum));
    };
    const options = { batch: batch / pieces, objective, preceding, velocityWeight };
    const learn = keep(await compileFmtStep(network, options, sums ? recordSum : recordUpdate));
    const update = sums ? keep(await compilePlan(gpu, 'update', recordUpdate)) : learn;
    const losses = openReadBack(scope, gpu, 'loss', [outputTensor(learn, 'loss')], { slots: 2 * pieces });
    const norms = openReadBack(scope, gpu, 'norm', [outputTensor(update, 'norm')], { slots: 2 });
    const bars = objective === 'flow' ? undefined : alphaBars();
    /** Where a parameter lies in one of the flat buffers. */
    const views = (kind: StateKind): readonly (readonly [string, Tensor])[] =>
      [...flat.views].map(([name, { value }]) => {
        const part = flat.parts.findIndex((it) => bufferOf(it.value) === bufferOf(value));
        const whole = kind === 'ema' ? averages?.[part] : flat.parts[part]?.[kind];
        if (!whole || whole.memory.kind !== 'buffer' || value.memory.kind !== 'buffer') {
          throw new Error(`${name} has no ${kind}`);
        }
        const { offset = 0 } = value.memory;
        return [name, { label: `${kind}/${name}`, shape: value.shape, memory: { ...whole.memory, offset } }];
      });
    const kinds = stateKinds.filter((kind) => kind !== 'ema' || averages);
    const copy = async (from: StateKind) => {
      const list = views(from);
      const data = await readTensors(gpu, list.map(([, tensor]) => tensor)); // prettier-ignore
      return list.map(([name, { shape }], i) => ({ name, shape, data: data[i]! }));
    };
    if (averages) {
      const values = await copy('value');
      views('ema').forEach(([, tensor], i) => writeTensor(gpu, tensor, values[i]!.data));
    }
    return {
      parameters: parameterCount(flat),
      scratchBytes: plans.reduce((sum, { scratchBytes }) => sum + scratchBytes, 0),
      async step(whole, step) {
        const rate = rateAt(settings, step);
        const adam = adamControl({ ...settings, rate, maxNorm: maxNorm > 0 ? maxNorm : undefined }, step);
        const mean = emaAt(settings, step);
        const terms = Array.from({ length: pieces }, (_, piece) => {
          const part = pieceOfBatch(whole, piece, pieces);
          const inputs = motionInputs(config, part, objective, { preceding, alphaBar: bars });
          return () => {
            writeMotionInputs(learn, inputs);
            if (sums) writeInput(learn, 'accumulate', Float32Array.of(piece > 0 ? 1 : 0, 1 / pieces));
            else writeUpdate();
            runPlan(learn);
          };
        });
        const writeUpdate = () => {
          writeInput(update, adamInput, adam);
          if (averages) writeInput(update, 'ema', Float32Array.of(mean, 1 - mean));
        };
        const pair = (memory: ArrayBuffer) => floatsOf(memory, outputTensor(learn, 'loss'));
        const pending = terms.map((submit) => readBack(losses, submit, pair));
        const length = readBack(
          norms,
          () => {
            if (!sums) return;
            writeUpdate();
            runPlan(update);
          },
          (memory) => floatsOf(memory, outputTensor(update, 'norm'))[0]!,
        );
        const [all, norm] = await Promise.all([Promise.all(pending), length]);
        const average = (term: number) => all.reduce((sum, values) => sum + values[term]!, 0) / pieces;
        const main = average(0);
        const velocity = objective === 'epsilon' ? 0 : average(1);
        const loss = main + (objective === 'epsilon' ? 0 : velocityWeight * velocity);
        return { step, main, velocity, loss, norm, rate };
      },
      async weights() {
        const values = await copy(averages ? 'ema' : 'value');
        return new Map(values.map(({ name, data }) => [name, data]));
      },
      async readState() {
        const state = new Map<string, { shape: readonly number[]; data: Float32Array<ArrayBuffer> }>();
        for (const kind of kinds) {
          for (const { name, shape, data } of await copy(kind)) state.set(`${kind}/${name}`, { shape, data });
        }
        return state;
      },
      async writeState(read) {
        for (const kind of kinds) {
          for (const [name, tensor] of views(kind)) writeTensor(gpu, tensor, await read(`${kind}/${name}`));
        }
      },
      destroy: () => closeScope(scope),
    };
  });
}

function bufferOf({ memory }: Tensor): GPUBuffer | undefined {
  return memory.kind === 'buffer' ? memory.buffer : undefined;
}
