/** How a run is going: frames drawn, frames in all, frames a second of work, and of the video. */
export interface Pace {
  readonly done: number;
  readonly total: number;
  readonly rate: number;
  readonly fps: number;
}

/** Seconds of video in a piece that is handed to the player; the last second is therefore whole only at the end. */
const piece = 1;
/** Work slows down between windows, when motion is sampled: less is promised than was measured. */
const caution = 0.85;

/**
 * Whether playing now would not run dry. At time t the pieces up to t + 1 s must be there:
 *
 *     done + rate·t ≥ fps·(t + 1)   for 0 ≤ t ≤ T − 1
 *
 * Both sides are straight lines, so the two ends decide.
 */
export function canPlay({ done, total, rate, fps }: Pace, buffered: number): boolean {
  if (done >= total) return total > 0;
  const rest = Math.max(0, total / fps - piece);
  return buffered >= piece && done >= fps * piece && done + caution * rate * rest >= total;
}

/** Frames a second since the first frame, which waits for everything before it; undefined until there are two. */
export function frameRate(done: number, seconds: number, firstFrame: number): number | undefined {
  return done > 1 && seconds > firstFrame ? (done - 1) / (seconds - firstFrame) : undefined;
}

export function secondsLeft({ done, total, rate }: Pace): number {
  return (total - done) / rate;
}
