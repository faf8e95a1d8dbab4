import stringWidth from 'string-width';
import { escapeControls } from '../base/escape.js';
import { atExit } from '../node/at-exit.js';

/** What a command tells while it works. All of it goes to standard error; results go to standard output. */
export interface Progress {
  /** A line of its own. */
  readonly note: (text: string) => void;
  /** What is being done now, in place of the last status: the first text that fits in a line, else the last, cut. */
  readonly status: (...texts: string[]) => void;
  /** Ends the status line. */
  readonly end: () => void;
}

/** The part of a terminal that is written to; standard error in the command. */
export interface ProgressTerminal {
  readonly isTTY?: boolean;
  /** 0 where the terminal does not say. */
  readonly columns?: number;
  write(text: string): unknown;
}

export function createProgress(quiet: boolean, terminal: ProgressTerminal = process.stderr): Progress {
  if (quiet) return { note: () => undefined, status: () => undefined, end: () => undefined };
  let shown = 0;
  let forget: (() => void) | undefined;
  const clear = () => {
    // Spaces, not an escape sequence: any terminal obeys them. No more than fit now, lest they begin a new line.
    if (shown > 0) terminal.write(`\r${' '.repeat(Math.min(shown, widthOf(terminal)))}\r`);
    shown = 0;
    forget?.();
    forget = undefined;
  };
  return {
    note(text) {
      clear();
      terminal.write(`${escapeControls(text)}\n`);
    },
    status(...texts) {
      if (!terminal.isTTY) return;
      clear();
      const width = widthOf(terminal);
      const lines = texts.map(escapeControls);
      const line = lines.find((text) => stringWidth(text) <= width) ?? cut(lines.at(-1) ?? '', width);
      terminal.write(line);
      shown = stringWidth(line);
      forget = atExit(clear);
    },
    end: clear,
  };
}

/** Columns of a status: the last one stays empty, since some terminals begin a new line as soon as it is filled. */
function widthOf({ columns }: ProgressTerminal): number {
  return Math.max(0, (columns || 80) - 1);
}

const graphemes = new Intl.Segmenter();

/** As much of a text as `width` columns show; a character of two columns is shown whole or not at all. */
function cut(text: string, width: number): string {
  let kept = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += stringWidth(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return width > 0 ? `${kept}…` : '';
}

/** `[#####-----] 52/103 frames  12.3 frames/s  0:04 left`; without a count `52 frames  12.3 frames/s`. */
export function frameStatus(done: number, count: number | undefined, seconds: number): string[] {
  const rate = `${(done / seconds).toFixed(1)} frames/s`;
  if (count === undefined) return [`${done} frames  ${rate}`];
  return withBar(done / count, leftAt(done / count, seconds), `${done}/${count} frames  ${rate}`);
}

/** `[#####-----] 1240/2470 MB  410 MB/s  0:03 left`. */
export function byteStatus(done: number, total: number, seconds: number): string[] {
  const mega = (bytes: number) => (bytes / 1e6).toFixed(0);
  return withBar(
    done / total,
    leftAt(done / total, seconds),
    `${mega(done)}/${mega(total)} MB  ${mega(done / seconds)} MB/s`,
  );
}

/** `[#####-----] 52/300 clips  0:41 left`. */
export function clipStatus(done: number, total: number, seconds: number): string[] {
  return withBar(done / total, leftAt(done / total, seconds), `${done}/${total} clips`);
}

/**
 * `[#####-----] step 120/4000  loss 0.81 (main 0.50, velocity 0.31)  1.2 steps/s  53:01 left`.
 *
 * @param begun the step that training began after, so many seconds ago.
 */
export function stepStatus(
  { step, loss, main, velocity }: { step: number; loss: number; main: number; velocity: number },
  { begun, steps, seconds }: { begun: number; steps: number; seconds: number },
): string[] {
  const terms = `loss ${loss.toFixed(4)} (main ${main.toFixed(4)}, velocity ${velocity.toFixed(4)})`;
  const rate = (step - begun) / seconds;
  const figures = `step ${step}/${steps}  ${terms}  ${rate.toFixed(2)} steps/s`;
  return withBar(step / steps, clock((steps - step) / rate), figures);
}

/** As `byteStatus`, where a part was there before: what came since the first call says how fast it is. */
export function transferStatus() {
  let first: { readonly done: number; readonly seconds: number } | undefined;
  return (done: number, total: number, seconds: number): string[] => {
    first ??= { done, seconds };
    const came = done - first.done;
    const took = seconds - first.seconds;
    const mega = (bytes: number) => (bytes / 1e6).toFixed(0);
    if (total === 0) return [`${mega(done)} MB  ${mega(came / Math.max(took, 1e-3))} MB/s`];
    const rest = came > 0 ? clock((took / came) * (total - done)) : '?';
    const figures = `${mega(done)}/${mega(total)} MB  ${mega(came / Math.max(took, 1e-3))} MB/s`;
    return withBar(Math.min(1, done / total), rest, figures);
  };
}

/** The same twice: the second, for narrow terminals, without the bar. */
function withBar(share: number, left: string, figures: string): string[] {
  const text = `${figures}  ${left} left`;
  return [`${bar(share)} ${text}`, text];
}

function bar(share: number): string {
  const width = 24;
  const filled = Math.round(share * width);
  return `[${'#'.repeat(filled)}${'-'.repeat(width - filled)}]`;
}

/** What is left of the time when a share is done at an even pace. */
function leftAt(share: number, seconds: number): string {
  return clock(seconds / share - seconds);
}

/** Minutes and seconds. */
function clock(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
