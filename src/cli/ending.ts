import { constants } from 'node:os';
import { InputError, messageOf } from '../base/errors.js';
import { undoNow } from '../node/at-exit.js';
import { loadLibc, type Libc } from '../node/libc.js';
import { printError } from './print.js';

type EndingSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGQUIT' | 'SIGXCPU';

const endingSignals: readonly EndingSignal[] =
  process.platform === 'win32'
    ? ['SIGINT', 'SIGTERM', 'SIGHUP']
    : ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGXCPU'];

/** How long a command that is told to end may take to put things away. A second signal does not wait for it. */
const GRACE_MS = 1000;
let graceMs = GRACE_MS;

/** For a command that saves its work when it is told to end. A second signal ends it at once all the same. */
export function takesLongToEnd(): void {
  graceMs = 600_000;
}

/** What a shell sees of a program that wrote into a pipe which nobody reads any more: 128 + SIGPIPE. */
const PIPE_CLOSED = 141;

/** How the process is to end. */
export interface Ending {
  readonly status: number;
  /** What is said of it on standard error. */
  readonly line?: string;
  /** Said as well, for whoever looks for the cause. */
  readonly stack?: string;
  readonly signal?: EndingSignal;
}

/**
 * Runs a whole command and ends the process; docs/endings.md lists the ways. Whatever `work` does, what `atExit` knows
 * (temporary files, children, the terminal's line) is put away, and the status is right.
 *
 * @param work is given a signal that aborts when it is to give up. When it has done its work all the same, the status
 *   says so.
 * @param endingOf what an error means.
 */
export async function endWell(
  work: (signal: AbortSignal) => Promise<void>,
  endingOf: (error: unknown) => Ending,
): Promise<void> {
  const abort = new AbortController();
  let libc: Libc | undefined = undefined;
  let ending: Ending | undefined;
  let working = true;
  let grace: NodeJS.Timeout | undefined;

  const giveUp = (reason: Ending) => {
    ending ??= reason;
    abort.abort();
    clearTimeout(grace);
    grace = setTimeout(() => endNow(reason, libc), graceMs).unref();
  };
  for (const signal of endingSignals) {
    process.on(signal, () => {
      const reason = endingBy(signal);
      // It is the second one, or only the result is still on its way, to somebody who does not read it.
      if (ending || !working) endNow(reason, libc);
      else giveUp(reason);
    });
  }
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    const closed = error.code === 'EPIPE' || error.code === 'ECONNRESET';
    giveUp(closed ? { status: PIPE_CLOSED } : endingOf(cannotPrint(error)));
  });
  // Nobody hears what is told while working: the work is worth as much as before.
  process.stderr.on('error', () => undefined);
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => endNow(endingOf(error), libc));
  }
  process.on('beforeExit', () => {
    if (working) endNow({ status: 1, line: 'internal error: nothing is left to wait for' }, libc);
  });

  // After the handlers: loading takes a moment too.
  libc = await loadLibc();
  try {
    await work(abort.signal);
    if (ending?.signal) ending = undefined;
    if (!ending) clearTimeout(grace);
  } catch (error) {
    ending ??= endingOf(error);
  }
  working = false;
  await printed();
  if (ending?.signal) endNow(ending, libc);
  if (ending) {
    tell(ending);
    process.exitCode = ending.status;
  }
  // Nothing should be running now. If something is, it does not keep the process.
  setTimeout(() => endNow({ status: Number(process.exitCode ?? 0) }, libc), GRACE_MS).unref();
}

function endingBy(signal: EndingSignal): Ending {
  const line = signal === 'SIGINT' ? 'interrupted' : `ended by ${signal}`;
  return { status: 128 + constants.signals[signal], line, signal };
}

function cannotPrint(error: NodeJS.ErrnoException): Error {
  const reason = error.code === 'ENOSPC' ? 'no space left on the disk' : messageOf(error);
  return new InputError(`cannot write standard output: ${reason}`);
}

function tell({ line, stack }: Ending): void {
  if (line !== undefined) printError(`float: ${line}`);
  if (stack !== undefined) process.stderr.write(`${stack}\n`);
}

/** Resolves when standard output has taken everything or failed, and its error has been told to the listener. */
async function printed(): Promise<void> {
  await new Promise((resolve) => process.stdout.write('', resolve));
  await new Promise((resolve) => setImmediate(resolve));
}

/** Ends the process in this very moment, whatever it is doing. */
function endNow(ending: Ending, libc: Libc | undefined): void {
  undoNow();
  tell(ending);
  // Node's own exit waits for threads that may hang in the file system, and a graphics driver at work may crash.
  libc?._exit(ending.status);
  if (ending.signal && process.platform !== 'win32') {
    process.removeAllListeners(ending.signal);
    process.kill(process.pid, ending.signal);
  }
  process.exit(ending.status);
}
