import { expect, it } from 'vitest';
import { ahead } from '../../../web/src/engine/ahead.js';

async function* counting(log: string[], until = Infinity) {
  try {
    for (let i = 0; i < until; i++) {
      log.push(`made ${i}`);
      await Promise.resolve();
      yield i;
    }
  } finally {
    log.push('closed');
  }
}

it('asks for the next item while one is in use', async () => {
  const log: string[] = [];
  for await (const i of ahead(counting(log, 3))) {
    await Promise.resolve();
    log.push(`used ${i}`);
  }
  expect(log).toEqual(['made 0', 'made 1', 'used 0', 'made 2', 'used 1', 'closed', 'used 2']);
});

it('closes the source when its user leaves or fails', async () => {
  const log: string[] = [];
  for await (const i of ahead(counting(log))) if (i === 1) break;
  expect(log.at(-1)).toBe('closed');
  const failing = async () => {
    for await (const i of ahead(counting(log))) throw new RangeError(`at ${i}`);
  };
  await expect(failing()).rejects.toThrow('at 0');
  expect(log.at(-1)).toBe('closed');
});

it('passes errors of the source on, after the items before', async () => {
  const seen: number[] = [];
  async function* source() {
    yield* counting([], 2);
    throw new TypeError('broken');
  }
  const use = async () => {
    for await (const i of ahead(source())) seen.push(i);
  };
  await expect(use()).rejects.toThrow('broken');
  expect(seen).toEqual([0, 1]);
});
