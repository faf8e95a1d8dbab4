import { closeSync, openSync } from 'node:fs';

/** libc's: Node can close a descriptor but not copy one, and a socket or a log file cannot be opened a second time. */
interface Descriptors {
  readonly dup: (fd: number) => number;
  readonly dup2: (from: number, to: number) => number;
}

const STDERR = 2;

async function loadDescriptors(): Promise<Descriptors | undefined> {
  if (process.platform === 'win32') return undefined;
  try {
    const { default: koffi } = await import('koffi');
    const libc = koffi.load(null);
    return {
      dup: libc.func('int dup(int)') as Descriptors['dup'],
      dup2: libc.func('int dup2(int, int)') as Descriptors['dup2'],
    };
  } catch {
    // An optional dependency: without it the warnings are seen.
    return undefined;
  }
}

function point(fd: number, path: string, dup2: Descriptors['dup2']): void {
  const file = openSync(path, 'w');
  dup2(file, fd);
  closeSync(file);
}

/**
 * A function that runs `use` while standard error (file descriptor 2) leads to /dev/null: native libraries write warnings
 * there that no option turns off. Only what runs before `use` returns is silenced, not what it awaits. With FLOAT_DEBUG in
 * the environment nothing is.
 */
export async function openQuiet(): Promise<<T>(use: () => T) => T> {
  const descriptors = process.env['FLOAT_DEBUG'] ? undefined : await loadDescriptors();
  if (!descriptors) return (use) => use();
  const { dup, dup2 } = descriptors;
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
