/** What a command tells while it works. All of it goes to standard error; results go to standard output. */
export interface Progress {
  /** A line of its own. */
  readonly note: (text: string) => void;
  /** What is being done now, in place of the last status. */
  readonly status: (text: string) => void;
  /** Ends the status line. */
  readonly end: () => void;
}

export function createProgress(quiet: boolean): Progress {
  if (quiet) return { note: () => undefined, status: () => undefined, end: () => undefined };
  const { stderr } = process;
  let shown = 0;
  const clear = () => {
    if (shown > 0) stderr.write(`\r${' '.repeat(shown)}\r`);
    shown = 0;
  };
  return {
    note(text) {
      clear();
      stderr.write(`${text}\n`);
    },
    status(text) {
      if (!stderr.isTTY) return;
      clear();
      stderr.write(text);
      shown = text.length;
    },
    end: clear,
  };
}

/** `[#####-----] 52/103 frames  12.3 frames/s  0:04 left`; without a count `52 frames  12.3 frames/s`. */
export function frameStatus(done: number, count: number | undefined, seconds: number): string {
  const rate = done / seconds;
  if (count === undefined) return `${done} frames  ${rate.toFixed(1)} frames/s`;
  return `${bar(done / count)} ${done}/${count} frames  ${rate.toFixed(1)} frames/s  ${clock((count - done) / rate)} left`;
}

/** `[#####-----] 1240/2470 MB  410 MB/s  0:03 left`. */
export function byteStatus(done: number, total: number, seconds: number): string {
  const mega = (bytes: number) => (bytes / 1e6).toFixed(0);
  const rate = done / seconds;
  return `${bar(done / total)} ${mega(done)}/${mega(total)} MB  ${mega(rate)} MB/s  ${clock((total - done) / rate)} left`;
}

function bar(share: number): string {
  const width = 24;
  const filled = Math.round(share * width);
  return `[${'#'.repeat(filled)}${'-'.repeat(width - filled)}]`;
}

/** Minutes and seconds. */
function clock(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
