import type { CompiledKernel } from './kernel.js';
import type { Dispatch } from './launch.js';

/** One launch of a plan, complete. */
export interface Step {
  readonly kernel: CompiledKernel;
  readonly launch: Dispatch;
  readonly label: string;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
}

export function encodeStep(pass: GPUComputePassEncoder, step: Step): void {
  pass.setPipeline(step.kernel.pipeline);
  pass.setBindGroup(0, step.bindGroup);
  pass.dispatchWorkgroups(...step.workgroups);
}
