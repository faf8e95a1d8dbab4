import { useEffect, useRef, useState } from 'preact/hooks';
import { insideTexts as texts } from '../texts.js';

export interface Asked<T> {
  readonly value?: T;
  /** One line for the user. */
  readonly failure?: string;
  readonly busy: boolean;
}

/**
 * What the engine answers. Asks again when `key` changes, one question at a time: of those that come while it answers,
 * the last. Until then the answer before stays. An undefined key asks nothing.
 */
export function useAsked<T>(key: unknown, ask: () => Promise<T>): Asked<T> {
  const [state, setState] = useState<Asked<T>>({ busy: key !== undefined });
  const next = useRef<(() => Promise<T>) | undefined>(undefined);
  const working = useRef(false);
  const gone = useRef(false);

  useEffect(() => {
    gone.current = false;
    return () => {
      gone.current = true;
    };
  }, []);

  useEffect(() => {
    if (key === undefined) return;
    next.current = ask;
    if (!working.current) void work();

    async function work() {
      working.current = true;
      while (next.current && !gone.current) {
        const question = next.current;
        next.current = undefined;
        setState(({ value }) => ({ ...(value !== undefined && { value }), busy: true }));
        const answer = await question().then(
          (value): Asked<T> => ({ value, busy: false }),
          (error: unknown): Asked<T> => ({ failure: failureOf(error), busy: false }),
        );
        if (!gone.current && !next.current) setState(answer);
        else if (!gone.current && answer.value !== undefined) setState({ ...answer, busy: true });
      }
      working.current = false;
    }
  }, [key]);
  return state;
}

function failureOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === 'Cancelled' ? texts.cancelled : error.message;
}
