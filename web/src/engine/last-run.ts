import type { FloatModel, Picture, SolverName } from 'float-webgpu';

/**
 * What the engine keeps of the last complete run, and what looking inside is made of: `createInside(run)`. After the device was
 * lost the engine makes a new one of the same run with `float.gpu` opened anew.
 */
export interface LastRun {
  readonly float: FloatModel;
  /** The square that was animated, cut out of the portrait, of any size: to be fitted to S×S as `animate` does. */
  readonly portrait: Picture;
  /** Motion `[T, d]` of every frame as it was drawn, after `motionScale`. */
  readonly motion: Float32Array<ArrayBuffer>;
  /** What `onWindow` told, in order; without motion scale. */
  readonly windows: readonly WindowRun[];
  readonly seed: number;
  readonly nfe: number;
  readonly solver: SolverName;
}

/** One window of the ODE, as `MotionOptions.onWindow` tells it before it is solved. */
export interface WindowRun {
  readonly index: number;
  /** Its first frame. */
  readonly start: number;
  /** What its field depends on, as `FlowTransformer.field` takes it: wa [L, d], wr [d], we [P + L, 7], prevX and prevWa [P, d]. */
  readonly conditions: {
    readonly wa: Float32Array;
    readonly wr: Float32Array;
    readonly we: Float32Array;
    readonly prevX: Float32Array;
    readonly prevWa: Float32Array;
  };
  /** γ_a and γ_e. */
  readonly scales: { readonly audio: number; readonly emotion: number };
  /** x0 `[L, d]`, the noise that the ODE starts from. */
  readonly noise: Float32Array;
}
