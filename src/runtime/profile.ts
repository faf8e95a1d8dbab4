import type { Plan } from './plan.js';
import { encodeStep } from './plan.js';
import { createBuffer, destroyBuffer, settle } from './gpu.js';

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
  const { gpu, steps } = plan;
  const { device } = gpu;
  if (!device.features.has('timestamp-query')) throw new Error('this adapter has no timestamp-query');
  const times: KernelTime[] = [];
  const batch = 1024; // a query set holds at most 4096 timestamps
  for (let start = 0; start < steps.length; start += batch) {
    const part = steps.slice(start, start + batch);
    const querySet = device.createQuerySet({ type: 'timestamp', count: part.length * 2 });
    const bytes = part.length * 16;
    const resolveUsage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC;
    const resolved = createBuffer(gpu, 'timestamps', bytes, resolveUsage);
    const staging = createBuffer(gpu, 'timestamps', bytes, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
    const encoder = device.createCommandEncoder({ label: `profile ${plan.label}` });
    part.forEach((step, index) => {
      const timestampWrites = {
        querySet,
        beginningOfPassWriteIndex: index * 2,
        endOfPassWriteIndex: index * 2 + 1,
      };
      const pass = encoder.beginComputePass({ timestampWrites });
      encodeStep(pass, step);
      pass.end();
    });
    encoder.resolveQuerySet(querySet, 0, part.length * 2, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, bytes);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const stamps = new BigUint64Array(staging.getMappedRange().slice(0));
    part.forEach((step, index) => {
      const nanoseconds = Number((stamps[index * 2 + 1] ?? 0n) - (stamps[index * 2] ?? 0n));
      times.push({ label: step.label, kernel: step.kernel.name, milliseconds: nanoseconds / 1e6 });
    });
    querySet.destroy();
    destroyBuffer(gpu, resolved);
    destroyBuffer(gpu, staging);
    await settle(gpu);
  }
  return times;
}
