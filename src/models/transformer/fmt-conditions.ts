import { joinArrays } from '../../base/arrays.js';
import type { FloatConfig } from '../../weights/config.js';
import { windowFrames } from '../../weights/config.js';

/** What the vector field of one window depends on. L frames are its own, P come before; vectors have d elements. */
export interface WindowConditions {
  /** Audio features `[L, d]`. */
  readonly wa: Float32Array;
  /** Source motion r_s `[d]`. */
  readonly wr: Float32Array;
  /** Emotion probabilities `[7]`, or `[P + L, 7]`, a row for each of the preceding and the window's own frames. */
  readonly we: Float32Array;
  /** Motion `[P, d]` and audio features `[P, d]` of the preceding frames; zeros before the first window. */
  readonly prevX: Float32Array;
  readonly prevWa: Float32Array;
}

/** The conditions with a row of we for each frame. @throws RangeError naming the one of a wrong length. */
export function checkConditions(config: FloatConfig, conditions: WindowConditions): WindowConditions {
  const { num_prev_frames: P, dim_w: d, dim_e: e } = config;
  const L = windowFrames(config);
  const { we } = conditions;
  const perFrame = we.length === e ? joinArrays(Array.from({ length: P + L }, () => we)) : we;
  const own = { ...conditions, we: perFrame };
  const lengths = { wa: L * d, wr: d, we: (P + L) * e, prevX: P * d, prevWa: P * d };
  for (const name of Object.keys(lengths) as (keyof WindowConditions)[]) {
    if (own[name].length !== lengths[name]) {
      throw new RangeError(`${name}: expected ${lengths[name]} values, got ${own[name].length}`);
    }
  }
  return own;
}

/**
 * The rows of c_embedder's input, each once: wr, wa, we of a frame, in this order. Without guidance one for each of the
 * N = P + L frames, under `all` that is given. Guidance has the conditions u (neither speech nor emotion), a (no
 * emotion) and all, but in u the preceding frames keep their speech: there it is a, and its own frames are all alike.
 * In order: a of the P preceding frames; u; a of the L own ones; all of the N frames. `rowsOfFrames` tells them apart.
 *
 * @param all as `checkConditions` returns it.
 * @returns `[conditionCount, 2d + e]`.
 */
export function conditionRows(all: WindowConditions, guided: boolean): Float32Array<ArrayBuffer> {
  const rows = rowsUnder(all);
  if (!guided) return joinArrays(rows.flat());
  const P = all.prevWa.length / all.wr.length;
  const a = rowsUnder({ ...all, we: new Float32Array(all.we.length) });
  const u = [all.wr, new Float32Array(all.wr.length), new Float32Array(all.we.length / rows.length)];
  return joinArrays([...a.slice(0, P), u, ...a.slice(P), ...rows].flat());
}

/** wr, wa, we of each of the N frames; we is `[N, e]`. */
function rowsUnder({ wa, wr, we, prevWa }: WindowConditions): Float32Array[][] {
  const vectors = (features: Float32Array) =>
    Array.from({ length: features.length / wr.length }, (_, i) =>
      features.subarray(i * wr.length, (i + 1) * wr.length),
    );
  const audio = [...vectors(prevWa), ...vectors(wa)];
  const e = we.length / audio.length;
  return audio.map((frame, i) => [wr, frame, we.subarray(i * e, (i + 1) * e)]);
}

/** How many rows `conditionRows` makes. */
export function conditionCount(config: FloatConfig, guided: boolean): number {
  const N = config.num_prev_frames + windowFrames(config);
  return guided ? N + 1 + N : N;
}

/** The row of `conditionRows` that each frame has under u, a and all: `[3·N]`. */
export function rowsOfFrames(config: FloatConfig): number[] {
  const P = config.num_prev_frames;
  const N = P + windowFrames(config);
  const u = (n: number) => (n < P ? n : P);
  const a = (n: number) => (n < P ? n : n + 1);
  const all = (n: number) => N + 1 + n;
  return [u, a, all].flatMap((row) => Array.from({ length: N }, (_, n) => row(n)));
}
