import { describe, expect, it } from 'vitest';
import { createTensor } from '../../src/runtime/gpu.js';
import { openReadBack, readBack } from '../../src/runtime/read-back.js';
import { building, closeScope, openScope, own } from '../../src/runtime/scope.js';
import { openFakeGpu } from '../fake-gpu.js';

describe('a scope', () => {
  it('frees the last first, once, and what is made too late at once', () => {
    const freed: string[] = [];
    const scope = openScope();
    const note = (name: string) => void freed.push(name);
    own(scope, 'weights', note);
    own(openScope(scope), 'decoder', note);
    own(scope, 'reader', note);
    closeScope(scope);
    closeScope(scope);
    expect(freed).toEqual(['reader', 'decoder', 'weights']);
    expect(() => own(scope, 'late', note)).toThrow('destroyed while it was being made');
    expect(freed.at(-1)).toBe('late');
    expect(() => openScope(scope)).toThrow('destroyed');
  });

  it('is closed when building fails, or when the scope around it is closed meanwhile', async () => {
    const freed: string[] = [];
    const outer = openScope();
    const build = (fails: boolean) =>
      building(async (scope) => {
        own(scope, 'part', (name) => void freed.push(name));
        await Promise.resolve();
        if (fails) throw new Error('no');
        return 'whole';
      }, outer);
    await expect(build(true)).rejects.toThrow('no');
    expect([freed, outer.frees.size]).toEqual([['part'], 0]);
    const late = build(false);
    closeScope(outer);
    await expect(late).rejects.toThrow('destroyed while it was being made');
    expect(freed).toEqual(['part', 'part']);
  });
});

it('as many reads as there are slots are under way at once, one more waits', async () => {
  const { gpu } = await openFakeGpu();
  const reader = openReadBack(openScope(), gpu, 'frames', [createTensor(gpu, 'x', [4])], { slots: 2 });
  const submitted: number[] = [];
  const reads = [0, 1, 2].map((i) =>
    readBack(
      reader,
      () => submitted.push(i),
      () => i,
    ),
  );
  expect(submitted).toEqual([0, 1]);
  expect(await Promise.all(reads)).toEqual([0, 1, 2]);
  expect(submitted).toEqual([0, 1, 2]);
});

it('a read waits for the last one of its slot, and for one that failed no longer', async () => {
  const { gpu } = await openFakeGpu();
  const reader = openReadBack(openScope(), gpu, 'frames', [createTensor(gpu, 'x', [4])], { slots: 1 });
  const told: string[] = [];
  const read = (name: string) =>
    readBack(
      reader,
      () => told.push(`${name} begins`),
      () => {
        told.push(`${name} ends`);
        if (name === 'b') throw new Error('b is not taken');
      },
    );
  const [a, b] = [read('a'), read('b')];
  await a;
  // The slot is b's by now, though a has just given it back.
  const c = read('c');
  await expect(b).rejects.toThrow('b is not taken');
  await c;
  expect(told).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  await read('d');
  expect(told.slice(-2)).toEqual(['d begins', 'd ends']);
});
