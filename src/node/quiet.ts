import { closeSync, constants, openSync } from 'node:fs';
import { isatty } from 'node:tty';

/**
 * Runs `use` with the terminal's standard error (file descriptor 2) pointing to /dev/null: native libraries write
 * warnings there that no option turns off. Only what runs before `use` returns is silenced, not what it awaits.
 *
 * A closed descriptor's number goes to the next file opened, which is how 2 changes hands here. Anything but a terminal
 * under Linux is left as it is: reopening a log file would lose its place, and a pipe or socket may not reopen at all.
 */
export function quietly<T>(use: () => T): T {
  if (process.platform !== 'linux' || !isatty(2)) return use();
  const flags = constants.O_WRONLY | constants.O_NOCTTY;
  let terminal: number;
  try {
    terminal = openSync('/proc/self/fd/2', flags);
  } catch {
    return use();
  }
  const point = (path: string): void => {
    closeSync(2);
    openSync(path, flags);
  };
  point('/dev/null');
  try {
    return use();
  } finally {
    point(`/proc/self/fd/${terminal}`);
    closeSync(terminal);
  }
}
