import type { HostTensor } from '../../runtime/evaluate.js';
import type { Gpu } from '../../runtime/gpu.js';
import type { Plan } from '../../runtime/plan.js';
import { compilePlan, destroyPlan, readOutputs, runPlan, writeInput } from '../../runtime/plan.js';
import type { Recorder } from '../../runtime/recorder.js';
import { output } from '../../runtime/recorder.js';
import { closeScope, openScope } from '../../runtime/scope.js';
import type { Tensor } from '../../runtime/tensor.js';

/**
 * A model on sequences of any length. A plan fits one length; the last one is kept, since pieces of a clip are mostly
 * alike.
 */
export interface PlanByLength {
  /**
   * @param inputs by the names that `record` declares.
   * @param taps filled with the inner tensors.
   * @returns what `record` returned.
   */
  run(
    length: number,
    inputs: Readonly<Record<string, Float32Array<ArrayBuffer>>>,
    taps?: Map<string, HostTensor>,
  ): Promise<Float32Array<ArrayBuffer>>;
  destroy(): void;
}

/** @param record declares the inputs for sequences of `length` and returns the result. */
export function createPlanByLength(
  gpu: Gpu,
  label: string,
  record: (rec: Recorder, length: number) => Tensor,
): PlanByLength {
  const scope = openScope();
  let kept: { length: number; plan: Plan } | undefined;
  const compile = async (length: number, taps: boolean) => {
    if (kept) destroyPlan(kept.plan);
    kept = undefined;
    const recordResult = (rec: Recorder) => {
      output(rec, 'result', record(rec, length));
    };
    const plan = await compilePlan(gpu, label, recordResult, { taps: taps || [], within: scope });
    // A plan with taps keeps all of its inner tensors apart; it is not for further use.
    kept = { length: taps ? -1 : length, plan };
    return plan;
  };
  return {
    async run(length, inputs, taps) {
      const plan = kept?.length === length && !taps ? kept.plan : await compile(length, taps !== undefined);
      for (const [name, data] of Object.entries(inputs)) writeInput(plan, name, data);
      runPlan(plan);
      const { result, ...inner } = await readOutputs(plan, taps ? [...plan.outputs.keys()] : ['result']);
      if (!result) throw new Error(`${label} has no result`);
      for (const [name, data] of Object.entries(inner)) {
        taps?.set(name, { shape: plan.outputs.get(name)?.shape ?? [], data });
      }
      return result;
    },
    destroy: () => closeScope(scope),
  };
}
