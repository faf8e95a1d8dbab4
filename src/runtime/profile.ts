import type { Plan } from './plan.js';
import { runPlan } from './plan.js';
import { finishTrace, startTrace } from './trace.js';

export interface KernelTime {
  /** Kernel and shapes: `decoder/conv2d(x[1,64,256,256], …)`. */
  readonly label: string;
  readonly kernel: string;
  readonly milliseconds: number;
}

/**
 * Runs a plan once with every launch in a pass of its own, between two timestamps.
 *
 * @throws Error when the adapter has no `timestamp-query`.
 */
export async function profilePlan(plan: Plan): Promise<KernelTime[]> {
  startTrace(plan.gpu);
  runPlan(plan);
  const { launches } = await finishTrace(plan.gpu);
  return launches.map(({ label, launch, start, end }) => ({
    label,
    kernel: launch.kernel,
    milliseconds: end - start,
  }));
}
