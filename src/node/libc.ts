/** Functions of the C library that Node lacks. */
export interface Libc {
  readonly dup: (fd: number) => number;
  readonly dup2: (from: number, to: number) => number;
  /** Ends the process at once: no thread is waited for, and no destructor of a graphics driver runs. */
  readonly _exit: (status: number) => void;
}

let loaded: Promise<Libc | undefined> | undefined;

/** Undefined under Windows, and where the optional package `koffi` is missing or does not load. */
export function loadLibc(): Promise<Libc | undefined> {
  return (loaded ??= load());
}

async function load(): Promise<Libc | undefined> {
  if (process.platform === 'win32') return undefined;
  try {
    const { default: koffi } = await import('koffi');
    const libc = koffi.load(null);
    return {
      dup: libc.func('int dup(int)') as Libc['dup'],
      dup2: libc.func('int dup2(int, int)') as Libc['dup2'],
      _exit: libc.func('void _exit(int)') as Libc['_exit'],
    };
  } catch {
    return undefined;
  }
}
