/** What a command tells while it works. All of it goes to standard error; results go to standard output. */
export interface Progress {
  /** A line of its own. */
  note(text: string): void;
  /** What is being done now, in place of the last status. */
  status(text: string): void;
  /** Ends the status line. */
  end(): void;
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

/** `[#####-----]  52/103 frames  12.3 frames/s  0:04 left`. */
export function frameStatus(done: number, count: number, seconds: number): string {
  const width = 24;
  const filled = Math.round((done / count) * width);
  const bar = '#'.repeat(filled) + '-'.repeat(width - filled);
  const rate = done / seconds;
  const left = Math.round((count - done) / rate);
  const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
  return `[${bar}] ${done}/${count} frames  ${rate.toFixed(1)} frames/s  ${clock} left`;
}
