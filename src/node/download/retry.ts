import { setTimeout as sleep } from 'node:timers/promises';
import { WebFault } from './fault.js';

export interface Patience {
  readonly signal?: AbortSignal | undefined;
  readonly tries?: number | undefined;
  /** Told what went wrong before each wait, and how long that will be. */
  readonly onWait?: ((why: WebFault, seconds: number) => void) | undefined;
  /** How waiting is done. */
  readonly wait?: ((seconds: number, signal: AbortSignal | undefined) => Promise<unknown>) | undefined;
}

/** So many failures in a row, with nothing gained between them, are the end, unless said otherwise. */
const usualTries = 6;

/** A server that wants more than this is not waited for. */
const maxWait = 300;

/**
 * Does `work` again while it fails with what may pass, after 1, 2, 4, 8 and 16 seconds (up to half as much less, so that
 * many who failed at once do not come back at once), or when the server says so (Retry-After).
 *
 * @param work is told what to call when it has gained something: the failures before are then forgotten.
 * @throws the last WebFault; whatever else `work` throws, at once.
 */
export async function withRetries<T>(
  work: (gained: () => void) => Promise<T>,
  { signal, tries = usualTries, onWait, wait = patiently }: Patience = {},
): Promise<T> {
  let failures = 0;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await work(() => (failures = 0));
    } catch (error) {
      if (!(error instanceof WebFault) || !error.passing) throw error;
      if (++failures === tries) throw new WebFault(`${error.message}; tried ${tries} times`);
      const seconds = error.after ?? 2 ** (failures - 1) * (0.5 + Math.random() / 2);
      if (seconds > maxWait) {
        const minutes = Math.ceil(seconds / 60);
        throw new WebFault(`${error.message}: it asks to come back in ${minutes} minutes`);
      }
      onWait?.(error, seconds);
      await wait(seconds, signal);
    }
  }
}

function patiently(seconds: number, signal: AbortSignal | undefined): Promise<unknown> {
  return sleep(seconds * 1000, undefined, signal && { signal });
}
