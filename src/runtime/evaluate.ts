import type { Gpu } from './gpu.js';
import { compilePlan, destroyPlan, readOutputs, runPlan, writeInput } from './plan.js';
import type { Recorder } from './recorder.js';
import { input, output } from './recorder.js';
import type { Precision, Tensor } from './tensor.js';

export interface HostTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
  /** As what to store it on the GPU; f32 if not given. */
  readonly precision?: Precision;
}

/**
 * Runs operators once on host data: uploads, records, runs, reads back, frees. For tests, experiments and one-off work;
 * anything run repeatedly keeps its plan.
 */
export async function evaluate<In extends string, Out extends string>(
  gpu: Gpu,
  inputs: Record<In, HostTensor>,
  record: (rec: Recorder, tensors: Record<In, Tensor>) => Record<Out, Tensor>,
): Promise<Record<Out, HostTensor>> {
  const names = Object.keys(inputs) as In[];
  let results = {} as Record<Out, Tensor>;
  const plan = await compilePlan(gpu, 'evaluate', (rec) => {
    const tensors = Object.fromEntries(
      names.map((name) => [name, input(rec, name, inputs[name].shape, inputs[name].precision)]),
    );
    results = record(rec, tensors as Record<In, Tensor>);
    for (const [name, tensor] of Object.entries<Tensor>(results)) output(rec, name, tensor);
  });
  try {
    for (const name of names) writeInput(plan, name, inputs[name].data);
    runPlan(plan);
    const outNames = Object.keys(results) as Out[];
    const data = await readOutputs(plan, outNames);
    return Object.fromEntries(
      outNames.map((name) => [name, { shape: results[name].shape, data: data[name] }]),
    ) as Record<Out, HostTensor>;
  } finally {
    destroyPlan(plan);
  }
}
