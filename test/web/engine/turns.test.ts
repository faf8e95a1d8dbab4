import { expect, it } from 'vitest';
import { createTurns } from '../../../web/src/engine/turns.js';

/** Work that ends when it is told to, and a record of what happened. */
function work(name: string, log: string[]) {
  let end = () => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  const run = async (signal: AbortSignal) => {
    log.push(`${name} begins`);
    await ended;
    log.push(`${name} ends`);
    signal.throwIfAborted();
    return name;
  };
  return { run, end };
}

it('a second piece of work stops the first and begins when that has ended', async () => {
  const log: string[] = [];
  const turns = createTurns();
  const [a, b] = [work('a', log), work('b', log)];
  const first = turns.next(a.run);
  const stopped = expect(first).rejects.toMatchObject({ name: 'Cancelled' });
  await Promise.resolve();
  const second = turns.next(b.run);
  b.end();
  a.end();
  await stopped;
  expect(await second).toBe('b');
  expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
});

it('work that waits and is stopped never begins', async () => {
  const log: string[] = [];
  const turns = createTurns();
  const [a, b, c] = [work('a', log), work('b', log), work('c', log)];
  const results = [a, b, c].map(({ run }) => turns.next(run));
  const settled = Promise.allSettled(results);
  [a, b, c].forEach(({ end }) => end());
  const reasons = (await settled).map((result) => (result.status === 'rejected' ? 'stopped' : result.value));
  expect(reasons).toEqual(['stopped', 'stopped', 'c']);
  expect(log).not.toContain('b begins');
});

it('cancel stops what is under way; an error of its own stays what it is', async () => {
  const turns = createTurns();
  const stopped = turns.next(async (signal) => {
    await Promise.resolve();
    turns.cancel();
    signal.throwIfAborted();
  });
  await expect(stopped).rejects.toMatchObject({ name: 'Cancelled' });
  const broken = turns.next(() => Promise.reject(new RangeError('broken')));
  await expect(broken).rejects.toThrow(RangeError);
  turns.cancel();
  await expect(turns.next(() => Promise.resolve(1))).resolves.toBe(1);
});
