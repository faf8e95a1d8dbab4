/** Makes motion of one frame rate into motion of another, window by window. */
export interface MotionResampler {
  /** @returns `[frames, d]` of the new rate, as far as the motion given so far decides them; may be empty. */
  push(window: Float32Array): Float32Array<ArrayBuffer>;
  /** @returns the frames after the last one given, which repeat it: fewer than `to / from`. */
  end(): Float32Array<ArrayBuffer>;
}

/**
 * Frame i of the new rate is at i/to seconds, between the frames j = ⌊i·from/to⌋ and j + 1 of the old one: the motion
 * there is (1 − u)·x_j + u·x_{j+1}, u = i·from/to − j. In latent space, so every frame is drawn and none is shown
 * twice. Of T frames become ⌈T·to/from⌉.
 *
 * @param d width of a motion latent.
 * @param from frames a second of what is given.
 * @param to frames a second of what is returned.
 */
export function motionResampler(d: number, from: number, to: number): MotionResampler {
  let given = 0;
  let returned = 0;
  let last = new Float32Array(d);

  /**
   * Frames of the new rate while `ready` says that what they lie between is there; `window` begins at frame `start`.
   */
  const between = (window: Float32Array, start: number, ready: (at: number) => boolean) => {
    const rows: Float32Array[] = [];
    const row = (j: number) => (j < start ? last : window.subarray((j - start) * d, (j - start + 1) * d));
    for (let at = (returned * from) / to; ready(at); at = (++returned * from) / to) {
      const j = Math.floor(at);
      const u = at - j;
      const here = row(j);
      const next = u === 0 || j + 1 >= given ? here : row(j + 1);
      rows.push(here.map((x, k) => (u === 0 ? x : (1 - u) * x + u * next[k]!)));
    }
    const frames = new Float32Array(rows.length * d);
    rows.forEach((values, i) => frames.set(values, i * d));
    return frames;
  };

  return {
    push(window) {
      if (window.length === 0) return new Float32Array();
      const start = given;
      given += window.length / d;
      const frames = between(window, start, (at) => at <= given - 1);
      last = window.slice(-d);
      return frames;
    },
    end: () => between(new Float32Array(), given, (at) => at < given),
  };
}
