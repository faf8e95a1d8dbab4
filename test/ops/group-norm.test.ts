import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Activation } from '../../src/ops/activation.js';
import { groupNorm, groupNormReference } from '../../src/ops/group-norm.js';
import { evaluate } from '../../src/runtime/evaluate.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import { expectClose } from '../compare.js';
import { gaussian, openTestGpu } from '../fixtures.js';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openTestGpu();
});
afterAll(() => closeGpu(gpu));

interface Size {
  readonly batch: number;
  readonly frames: number;
  readonly channels: number;
  readonly groups: number;
}

async function compare(size: Size, activation: Activation, offset: number, seed: number, allowed: number) {
  const x = gaussian([size.batch, size.frames, size.channels], seed);
  for (let i = 0; i < x.data.length; i++) x.data[i] = (x.data[i] ?? 0) + offset;
  const weight = gaussian([size.channels], seed + 1);
  const bias = gaussian([size.channels], seed + 2);
  const { y } = await evaluate(gpu, { x, weight, bias }, (rec, t) => ({
    y: groupNorm(rec, t.x, { groups: size.groups, weight: t.weight, bias: t.bias, activation }),
  }));
  const expected = groupNormReference(x.data, weight.data, bias.data, size, 1e-5, activation);
  expectClose(`groupNorm ${JSON.stringify(size)}`, y.data, expected, allowed);
}

describe('groupNorm', () => {
  it('equals its float64 twin over odd shapes and groups', async () => {
    const draws = fc.record({
      batch: fc.integer({ min: 1, max: 2 }),
      frames: fc.oneof(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 250, max: 800 })),
      groups: fc.integer({ min: 1, max: 70 }),
      width: fc.integer({ min: 1, max: 3 }),
      activation: fc.constantFrom<Activation>('none', 'geluErf', 'silu'),
      seed: fc.integer(),
    });
    await fc.assert(
      fc.asyncProperty(draws, async ({ batch, frames, groups, width, activation, seed }) => {
        await compare({ batch, frames, channels: groups * width, groups }, activation, 0.5, seed, 6e-7);
      }),
      { numRuns: 25, seed: 1 },
    );
  });

  it('does not lose digits over a long clip', async () => {
    await compare({ batch: 1, frames: 100_003, channels: 3, groups: 3 }, 'geluErf', 0, 1, 3e-7);
  });

  // float32 itself holds a mean of 100 only to 4e-6 of a deviation; E[x²] − E[x]² would be off by 1e-3.
  it('takes the variance from deviations, not from squares', async () => {
    await compare({ batch: 1, frames: 1000, channels: 5, groups: 5 }, 'none', 100, 1, 1e-5);
  });
});
