import type { Gpu } from './gpu.js';
import { createBuffer, destroyBuffer, settle } from './gpu.js';
import type { Dispatch } from './launch.js';
import type { OpenTrace, TracedRun, TracedSpan } from './open-trace.js';
import type { Scope } from './scope.js';
import { closeScope, openScope, own } from './scope.js';
import type { Step } from './step.js';
import { encodeStep } from './step.js';

/** One kernel launch. Times are milliseconds of `performance.now()`; the GPU's clock is shifted onto it. */
export interface TracedLaunch {
  readonly plan: string;
  /** Kernel and shapes: `decoder/conv2d(x[1,64,256,256], …)`. */
  readonly label: string;
  readonly launch: Dispatch;
  readonly start: number;
  readonly end: number;
}

/** What happened on the GPU and on the host between `startTrace` and `finishTrace`. */
export interface Trace {
  readonly launches: readonly TracedLaunch[];
  readonly spans: readonly TracedSpan[];
}

/**
 * From now on each launch runs in a pass of its own between two timestamps, which costs a little.
 *
 * @throws Error when the adapter has no `timestamp-query`.
 */
export function startTrace(gpu: Gpu): void {
  if (!gpu.device.features.has('timestamp-query')) throw new Error('this adapter has no timestamp-query');
  gpu.trace = { runs: [], spans: [] };
}

/** Waits for the GPU and gives the trace. */
export async function finishTrace(gpu: Gpu): Promise<Trace> {
  const { runs: pending, spans } = gpu.trace ?? { runs: [], spans: [] };
  gpu.trace = undefined;
  const runs = await Promise.all(pending);
  await settle(gpu);
  // The two clocks have different zeros. Nothing starts before it is submitted, and some launch starts at once.
  const shift = runs.reduce(
    (most, { submitted, stamps: [first = Infinity] }) => Math.max(most, submitted - first),
    -Infinity,
  );
  const launches = runs.flatMap(({ plan, steps, stamps }) =>
    steps.map(({ label, launch }, i) => {
      const [start = 0, end = 0] = stamps.slice(2 * i, 2 * i + 2);
      return { plan, label, launch, start: start + shift, end: end + shift };
    }),
  );
  return { launches, spans };
}

/** Notes, if there is a trace, what the host does from now until the function returned is called. */
export function beginSpan({ trace }: Gpu, name: string): () => void {
  const start = performance.now();
  return () => {
    trace?.spans.push({ name, start, end: performance.now() });
  };
}

/** Runs some of a plan's steps, at most 2048, each between two timestamps. */
export function runTraced(gpu: Gpu, label: string, steps: readonly Step[], trace: OpenTrace): void {
  const scope = openScope();
  try {
    const stamps = submitTraced(scope, gpu, label, steps);
    const submitted = performance.now();
    const run = stamps()
      .then((read): TracedRun => ({ plan: label, steps, submitted, stamps: read }))
      .finally(() => closeScope(scope));
    // Whoever finishes the trace hears of a failure; nobody else needs to.
    run.catch(() => undefined);
    trace.runs.push(run);
  } catch (error) {
    closeScope(scope);
    throw error;
  }
}

/** @returns what reads start and end of each step, in milliseconds of the GPU's clock. */
function submitTraced(
  scope: Scope,
  gpu: Gpu,
  label: string,
  steps: readonly Step[],
): () => Promise<number[]> {
  const { device } = gpu;
  const count = 2 * steps.length;
  const querySet = own(scope, device.createQuerySet({ type: 'timestamp', count }), (set) => set.destroy());
  const timestamps = (usage: GPUBufferUsageFlags) =>
    own(scope, createBuffer(gpu, 'timestamps', count * 8, usage), (buffer) => destroyBuffer(gpu, buffer));
  const resolved = timestamps(GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC);
  const staging = timestamps(GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
  const encoder = device.createCommandEncoder({ label: `trace ${label}` });
  steps.forEach((step, i) => {
    const timestampWrites = { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 };
    const pass = encoder.beginComputePass({ timestampWrites });
    encodeStep(pass, step);
    pass.end();
  });
  encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
  encoder.copyBufferToBuffer(resolved, 0, staging, 0, count * 8);
  device.queue.submit([encoder.finish()]);
  return async () => {
    await staging.mapAsync(GPUMapMode.READ);
    const nanoseconds = new BigUint64Array(staging.getMappedRange());
    return Array.from(nanoseconds.subarray(0, count), (stamp) => Number(stamp) / 1e6);
  };
}
