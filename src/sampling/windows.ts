import { InputError } from '../base/errors.js';
import { ddim, type Prediction } from './ddim.js';
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

export interface SampleMotionOptions extends SolverOptions {
  /** L, frames in a window. */
  readonly windowFrames: number;
  /** P ≤ L, preceding frames that a window sees. */
  readonly precedingFrames: number;
  /** d, the width of a motion latent and of an audio feature. */
  readonly width: number;
  /** Audio features of the clip [T, d], whole or in pieces of any number of frames, taken as windows need them. */
  readonly wa: Float32Array | AsyncIterable<Float32Array>;
  /** T, to check a whole `wa` against. */
  readonly frames?: number;
  /** The field on the window's motion [L, d]; called once a window, after the previous window is solved. */
  readonly makeField: (window: MotionWindow) => VectorField | Promise<VectorField>;
  /** Of a diffusion: what the field predicts. DDIM takes nfe − 1 steps then, and `solver` is not asked. */
  readonly prediction?: Prediction | undefined;
  /** Whether the preceding frames are given as their velocity x − x0 rather than as their motion. */
  readonly precedingVelocity?: boolean;
  /** x0 of a window [L, d]. */
  readonly noise: (window: number) => Float32Array;
}

/**
 * Samples the motion of a clip window by window (Sec. 6 of docs/model.md, Sampling): each window's noise is carried by
 * the ODE to motion latents, whose last P frames the next window is given (Quirk: the motion, where the paper says the
 * vector field).
 *
 * @yields the motion of each window in turn [frames in the window, d]; the last is cut so that the frames are T in all
 * @throws InputError if the sizes don't fit; whatever `integrate` throws
 */
export async function* sampleMotion(
  options: SampleMotionOptions,
): AsyncGenerator<Float32Array, void, undefined> {
  const { windowFrames: L, precedingFrames: P, width: d } = options;
  checkSizes(options);
  let prevX = new Float32Array(P * d);
  let prevWa = new Float32Array(P * d);
  let index = 0;
  for await (const { wa, frames } of cutWindows(options.wa, L, d)) {
    const x0 = options.noise(index);
    if (x0.length !== L * d) throw new RangeError(`noise: expected ${L * d} values, got ${x0.length}`);
    const field = await options.makeField({ index, wa, prevX, prevWa });
    const { prediction, nfe, signal } = options;
    const x = prediction
      ? await ddim(field, x0, { prediction, steps: nfe - 1, ...(signal && { signal }) })
      : (await integrate(field, x0, options)).x;
    prevX = Float32Array.from(options.precedingVelocity ? x.map((value, i) => value - x0[i]!) : x).slice(
      (L - P) * d,
    );
    prevWa = wa.slice((L - P) * d);
    yield x.slice(0, frames * d);
    index++;
  }
}

/**
 * Windows of L frames; the last one has `frames` of the clip's, and its last frame repeated. A window is given before
 * the next piece is asked for.
 */
async function* cutWindows(
  clip: Float32Array | AsyncIterable<Float32Array>,
  L: number,
  d: number,
): AsyncGenerator<{ wa: Float32Array<ArrayBuffer>; frames: number }, void, undefined> {
  let wa = new Float32Array(L * d);
  let filled = 0;
  for await (const piece of clip instanceof Float32Array ? [clip] : clip) {
    for (let at = 0; at < piece.length;) {
      const part = piece.subarray(at, at + wa.length - filled);
      wa.set(part, filled);
      at += part.length;
      filled += part.length;
      if (filled < wa.length) continue;
      yield { wa, frames: L };
      wa = new Float32Array(L * d);
      filled = 0;
    }
  }
  if (filled === 0) return;
  const last = wa.slice(filled - d, filled);
  for (let at = filled; at < wa.length; at += d) wa.set(last, at);
  yield { wa, frames: filled / d };
}

function checkSizes(options: SampleMotionOptions): void {
  const { frames: T, windowFrames: L, precedingFrames: P, width: d, wa } = options;
  for (const [name, value] of Object.entries({ frames: T ?? 1, windowFrames: L, width: d })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new InputError(`${name}: expected a positive integer, got ${value}`);
    }
  }
  if (!Number.isSafeInteger(P) || P < 0 || P > L) {
    throw new InputError(`precedingFrames: expected an integer from 0 to windowFrames = ${L}, got ${P}`);
  }
  if (T !== undefined && wa instanceof Float32Array && wa.length !== T * d) {
    throw new InputError(`wa: expected [${T}, ${d}] = ${T * d} values, got ${wa.length}`);
  }
}
