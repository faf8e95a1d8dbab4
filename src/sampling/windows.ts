import { InputError } from '../errors.js';
import { integrate, type SolverOptions, type VectorField } from './solvers.js';

/** What the vector field of one window depends on, beside the portrait and the emotion. */
export interface MotionWindow {
  readonly index: number;
  /** Audio features of the window's frames [L, d], the clip's last frame repeated where it has ended. */
  readonly wa: Float32Array;
  /** The last P frames of the previous window's motion [P, d]; zeros for the first window. */
  readonly prevX: Float32Array;
  /** The last P frames of the previous window's wa [P, d]; zeros for the first window. */
  readonly prevWa: Float32Array;
}

export interface MotionOptions extends SolverOptions {
  /** T, frames in all. */
  readonly frames: number;
  /** L, frames in a window. */
  readonly windowFrames: number;
  /** P ≤ L, preceding frames that a window sees. */
  readonly precedingFrames: number;
  /** d, the width of a motion latent and of an audio feature. */
  readonly width: number;
  /** Audio features of the clip [T, d]. */
  readonly wa: Float32Array;
  /** The field on the window's motion [L, d]; called once a window, after the previous window is solved. */
  readonly makeField: (window: MotionWindow) => VectorField | Promise<VectorField>;
  /** x0 of a window [L, d]. */
  readonly noise: (window: number) => Float32Array;
}

/**
 * Samples the motion of a clip window by window (Sec. 6 of docs/model.md, Sampling): each window's noise is carried by the ODE
 * to motion latents, whose last P frames the next window is given (Quirk: the motion, where the paper says the vector
 * field).
 *
 * @yields the motion of each window in turn [frames in the window, d]; the last is cut so that the frames are T in all
 * @throws InputError if the sizes don't fit; whatever `integrate` throws
 */
export async function* sampleMotion(options: MotionOptions): AsyncGenerator<Float32Array, void, undefined> {
  const { frames: T, windowFrames: L, precedingFrames: P, width: d, wa: clip } = options;
  checkSizes(T, L, P, d, clip);
  let prevX = new Float32Array(P * d);
  let prevWa = new Float32Array(P * d);
  for (let index = 0; index * L < T; index++) {
    const wa = windowFeatures(clip, index * L, L, d);
    const x0 = options.noise(index);
    if (x0.length !== L * d) throw new RangeError(`noise: expected ${L * d} values, got ${x0.length}`);
    const field = await options.makeField({ index, wa, prevX, prevWa });
    const { x } = await integrate(field, x0, options);
    prevX = x.slice((L - P) * d);
    prevWa = wa.slice((L - P) * d);
    yield x.slice(0, Math.min(L, T - index * L) * d);
  }
}

/** Frames start … start + L − 1 of the clip [T, d], its last frame repeated beyond the end. */
function windowFeatures(clip: Float32Array, start: number, L: number, d: number): Float32Array<ArrayBuffer> {
  const wa = new Float32Array(L * d);
  wa.set(clip.subarray(start * d, (start + L) * d));
  const last = clip.subarray(clip.length - d);
  for (let frame = clip.length / d - start; frame < L; frame++) wa.set(last, frame * d);
  return wa;
}

function checkSizes(T: number, L: number, P: number, d: number, clip: Float32Array): void {
  for (const [name, value] of Object.entries({ frames: T, windowFrames: L, width: d })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new InputError(`${name}: expected a positive integer, got ${value}`);
    }
  }
  if (!Number.isSafeInteger(P) || P < 0 || P > L) {
    throw new InputError(`precedingFrames: expected an integer from 0 to windowFrames = ${L}, got ${P}`);
  }
  if (clip.length !== T * d) {
    throw new InputError(`wa: expected [${T}, ${d}] = ${T * d} values, got ${clip.length}`);
  }
}
