import type { FloatModel, Picture, SolverName, WindowOde } from 'float-webgpu';

/**
 * What the engine keeps of the last complete run, and what looking inside is made of: `createInside(run)`. After the
 * device was lost the engine makes a new one of the same run with `float.gpu` opened anew.
 */
export interface LastRun {
  readonly float: FloatModel;
  /** The square that was animated, S×S. */
  readonly portrait: Picture;
  /** Motion `[T, d]` of every frame as it was drawn, after `motionScale`. */
  readonly motion: Float32Array<ArrayBuffer>;
  /** What `onWindow` told, in order; without motion scale. */
  readonly windows: readonly WindowOde[];
  readonly seed: number;
  readonly nfe: number;
  readonly solver: SolverName;
}

export type WindowRun = WindowOde;
