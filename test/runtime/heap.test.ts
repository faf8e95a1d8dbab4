import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { linear } from '../../src/ops/linear.js';
import { settle, uploadTensor } from '../../src/runtime/gpu.js';
import { compilePlan, destroyPlan, readOutputs, runPlan, writeInput } from '../../src/runtime/plan.js';
import { input, output } from '../../src/runtime/recorder.js';
import { openScope } from '../../src/runtime/scope.js';
import { openFakeGpu } from '../fake-gpu.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

async function liveHeap(): Promise<number> {
  // What a turn of the event loop still holds is let go of first.
  await new Promise((resolve) => setTimeout(resolve, 5));
  collect();
  return process.memoryUsage().heapUsed;
}

/** A list that grew by one array of two a run would be 3.2 MB; the compiler's own notes vary by some 100 kB. */
const allowed = 600_000;

it('100,000 runs of a plan leave the heap as it was', async () => {
  const { gpu, live } = await openFakeGpu();
  const weight = uploadTensor(gpu, 'weight', [3, 3], new Float32Array(9));
  const plan = await compilePlan(gpu, 'tiny', (rec) => {
    output(rec, 'y', linear(rec, input(rec, 'x', [1, 3]), weight));
  });
  const x = Float32Array.of(1, 2, 3);
  const run = async (times: number) => {
    for (let i = 1; i <= times; i++) {
      writeInput(plan, 'x', x);
      runPlan(plan);
      if (i % 100 === 0) await readOutputs(plan, ['y']);
    }
    await settle(gpu);
  };
  await run(5000);
  const before = await liveHeap();
  const bytes = live();
  await run(100_000);
  expect((await liveHeap()) - before).toBeLessThan(allowed);
  expect(live()).toBe(bytes);
});

it('2,000 plans made and freed leave the heap as it was, and the scope around them', async () => {
  const { gpu, live } = await openFakeGpu();
  const weight = uploadTensor(gpu, 'weight', [3, 3], new Float32Array(9));
  const scope = openScope();
  const bytes = live();
  const make = async (times: number) => {
    for (let i = 0; i < times; i++) {
      const record = (rec: Parameters<Parameters<typeof compilePlan>[2]>[0]) => {
        output(rec, 'y', linear(rec, input(rec, 'x', [1 + (i % 50), 3]), weight));
      };
      destroyPlan(await compilePlan(gpu, 'tiny', record, { within: scope }));
    }
  };
  await make(500);
  const before = await liveHeap();
  await make(2000);
  expect((await liveHeap()) - before).toBeLessThan(allowed);
  expect(scope.frees.size).toBe(0);
  expect(live()).toBe(bytes);
});
