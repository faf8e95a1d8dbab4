// Clocks: of the wall, of the GPU, and of the thread that JavaScript runs in.
import { readFileSync } from 'node:fs';
import { finishTrace, startTrace } from '../dist/runtime/trace.js';

/** Runs something with a trace: its launches, and how long the host submitted and all of it took. */
export async function traceOf(gpu, work) {
  startTrace(gpu);
  const started = performance.now();
  await work();
  const wall = performance.now() - started;
  const { launches, spans } = await finishTrace(gpu);
  return { launches, host: spans.reduce((sum, { start, end }) => sum + end - start, 0), wall };
}

export async function timeOf(work) {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/**
 * Milliseconds that the main thread has computed, garbage collection and Dawn's polls included. Where the system does
 * not tell (it is not Linux), the time its event loop was not idle, which on a busy machine counts waiting for the
 * processor, too.
 */
export function mainThreadTime() {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return performance.eventLoopUtilization().active;
  }
}
