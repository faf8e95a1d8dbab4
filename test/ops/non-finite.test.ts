import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostTensor } from '../../src/runtime/evaluate.js';
import { evaluate } from '../../src/runtime/evaluate.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import type { Tuning } from '../../src/runtime/tuning.js';
import { expectClose } from '../compare.js';
import { openTestGpu } from '../fixtures.js';
import type { Case } from './non-finite-cases.js';
import { cases, convolutions, drawn, uploaded } from './non-finite-cases.js';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openTestGpu();
});
afterAll(() => closeGpu(gpu));

const families: Record<string, { tuning: Partial<Tuning>; of: readonly Case[] }> = {
  cards: { tuning: { product: 'shared', row: 'workgroup' }, of: cases },
  processors: { tuning: { product: 'subgroup', row: 'invocation', conv3x3: 'plain' }, of: cases },
  'processors of few lanes': {
    tuning: { product: 'subgroup', conv3x3: 'rows' },
    of: convolutions.filter(({ name }) => name.startsWith('conv2d 3×3')),
  },
};

/** Where to put a number into an operand: `place` from 0, its first element, to 1, its last. */
const places = (names: readonly string[]) =>
  fc.record({
    operand: fc.constantFrom(...names),
    place: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })),
  });

/** Each operand is given each of the three numbers three times, and somewhere else a zero: 0·∞ is NaN. */
function injections(names: readonly string[]) {
  const value = [NaN, Infinity, -Infinity];
  return names.flatMap((name) =>
    fc
      .sample(fc.tuple(places([name]), places(names), fc.integer()), { seed: 1, numRuns: 9 })
      .map(([at, zero, seed], i) => ({
        at: { ...at, value: value[i % 3]! },
        zero: { ...zero, value: 0 },
        seed,
      })),
  );
}

/** 0 for a finite number, else what it is. */
const kind = (value: number) => (Number.isFinite(value) ? 0 : value);
const finite = (values: ArrayLike<number>) => Array.from(values).filter(Number.isFinite);

describe.each(Object.entries(families))('NaN and infinity in the kernels of %s', (_, { tuning, of }) => {
  it.each(of)('pass through $name as through its twin', async (tried) => {
    if (tuning.product === 'subgroup' && !gpu.device.features.has('subgroups')) return;
    gpu.tuning = { ...gpu.tuning, ...tuning };
    const runs = injections(Object.keys(tried.shapes)).map(({ at, zero, seed }) => {
      const operands = drawn(tried, seed);
      for (const { operand, place, value } of [zero, at]) {
        const data = operands[operand]!;
        data[Math.round(place * (data.length - 1))] = value;
      }
      return { what: JSON.stringify({ ...at, value: String(at.value), zero }), operands };
    });
    // All in one plan: compiling one takes longer than running it.
    const given: Record<string, HostTensor> = {};
    runs.forEach(({ operands }, i) => {
      for (const [name, tensor] of Object.entries(uploaded(tried, operands))) given[`${name} ${i}`] = tensor;
    });
    const results = await evaluate(gpu, given, (rec, tensors) =>
      Object.fromEntries(
        runs.flatMap(({ operands }, i) => {
          const names = Object.keys(uploaded(tried, operands));
          const own = Object.fromEntries(names.map((name) => [name, tensors[`${name} ${i}`]!]));
          return Object.entries(tried.record(rec, own)).map(([name, y]) => [`${name} ${i}`, y]);
        }),
      ),
    );
    runs.forEach(({ what, operands }, i) => {
      for (const [name, expected] of Object.entries(tried.twin(operands))) {
        const actual = results[`${name} ${i}`]!.data;
        expect(Array.from(actual, kind), what).toEqual(Array.from(expected, kind));
        expectClose(what, finite(actual), finite(expected), 1.2e-6);
      }
    });
  });
});
