import { Failure } from './failures.js';

/** Work of one kind, one piece at a time. */
export interface Turns {
  /**
   * Stops what is under way, waits until it has ended, then starts.
   *
   * @throws a `Cancelled` if it is stopped, whatever the work throws then.
   */
  next<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Stops what is under way or waiting. */
  cancel(): void;
}

export function createTurns(): Turns {
  let current = { abort: new AbortController(), ended: Promise.resolve() };

  async function start<T>(
    before: Promise<void>,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ) {
    try {
      await before;
      signal.throwIfAborted();
      return await work(signal);
    } catch (error) {
      throw signal.aborted ? new Failure('Cancelled', 'stopped') : error;
    }
  }

  return {
    next(work) {
      current.abort.abort();
      const abort = new AbortController();
      const result = start(current.ended, abort.signal, work);
      const ended = result.then(
        () => undefined,
        () => undefined,
      );
      current = { abort, ended };
      return result;
    },
    cancel: () => current.abort.abort(),
  };
}
