import type { Step } from './step.js';

/** Something the host did. */
export interface TracedSpan {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** A trace in the making, as `gpu.trace`: every `runPlan` adds to it. */
export interface OpenTrace {
  readonly runs: Promise<TracedRun>[];
  readonly spans: TracedSpan[];
}

/** One submission of a plan's steps. */
export interface TracedRun {
  readonly plan: string;
  readonly steps: readonly Step[];
  readonly submitted: number;
  /** Start and end of each step by the GPU's clock, in milliseconds. */
  readonly stamps: readonly number[];
}
