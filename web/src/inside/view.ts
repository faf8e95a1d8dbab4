import type { ReadonlySignal, Signal } from '@preact/signals';
import { signal } from '@preact/signals';
import type { InsideApi, KernelTimeSummary } from './inside-api.js';

/** What the user has chosen, kept while panels come and go; anew for each run. */
export interface View {
  readonly inside: InsideApi;
  /** The frame looked at. */
  readonly frame: ReadonlySignal<number>;
  readonly frames: number;
  readonly fps: number;
  /** Looks at another frame, and takes the video there. */
  readonly show: (frame: number) => void;
  /** Directions drawn over time; undefined until the coefficients are known. */
  readonly drawn: Signal<ReadonlySet<number> | undefined>;
  /** λ of the sliders; undefined: the portrait's. */
  readonly lambda: Signal<Float32Array<ArrayBuffer> | undefined>;
  readonly block: Signal<number>;
  /** The direction whose path is shown; undefined: the liveliest. */
  readonly direction: Signal<number | undefined>;
  readonly kernels: Signal<readonly KernelTimeSummary[] | undefined>;
}

export function createView(given: Pick<View, 'inside' | 'frame' | 'frames' | 'fps' | 'show'>): View {
  return {
    ...given,
    drawn: signal(undefined),
    lambda: signal(undefined),
    block: signal(0),
    direction: signal(undefined),
    kernels: signal(undefined),
  };
}
