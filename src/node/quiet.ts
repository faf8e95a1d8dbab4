import { closeSync, openSync } from 'node:fs';
import { loadLibc, type Libc } from './libc.js';

const STDERR = 2;

function point(fd: number, path: string, dup2: Libc['dup2']): void {
  const file = openSync(path, 'w');
  dup2(file, fd);
  closeSync(file);
}

/**
 * A function that runs `use` while standard error (file descriptor 2) leads to /dev/null: native libraries write
 * warnings there that no option turns off. Only what runs before `use` returns is silenced, not what it awaits. With
 * FLOAT_DEBUG in the environment nothing is.
 */
export async function openQuiet(): Promise<<T>(use: () => T) => T> {
  // Node can close a descriptor but not copy one, and a socket or a log file cannot be opened a second time. Without an
  // optional package for that the warnings are seen.
  const libc = process.env['FLOAT_DEBUG'] ? undefined : await loadLibc();
  if (!libc) return (use) => use();
  const { dup, dup2 } = libc;
  return (use) => {
    const kept = dup(STDERR);
    if (kept < 0) return use();
    try {
      point(STDERR, '/dev/null', dup2);
      return use();
    } finally {
      dup2(kept, STDERR);
      closeSync(kept);
    }
  };
}
