import { beforeAll, describe, expect, it } from 'vitest';
import { attention } from '../../src/ops/attention.js';
import { linear } from '../../src/ops/linear.js';
import { compilePlan, destroyPlan, runPlan } from '../../src/runtime/plan.js';
import type { Plan } from '../../src/runtime/plan.js';
import { input, output } from '../../src/runtime/recorder.js';
import { dealtOut, mostOperations, operationsOf } from '../../src/runtime/work.js';
import type { FakeGpu } from '../fake-gpu.js';
import { openFakeGpu } from '../fake-gpu.js';

describe('dealtOut', () => {
  it('keeps the order, and gives each run no more than allowed, unless it is one item', () => {
    expect(dealtOut([3, 4, 3, 1, 20, 2, 9, 1], (n) => n, 10)).toEqual([[3, 4, 3], [1], [20], [2], [9, 1]]);
    expect(dealtOut([], () => 1, 10)).toEqual([]);
  });
});

describe('submissions', () => {
  let fake: FakeGpu;
  beforeAll(async () => {
    fake = await openFakeGpu();
    fake.gpu.tuning = { ...fake.gpu.tuning, product: 'shared' };
  });

  /** How many launches each submission has when the plan runs. */
  function submissionsOf(plan: Plan): number[] {
    const counts: number[] = [];
    let launches = 0;
    const { queue } = plan.gpu.device;
    const dispatched = plan.gpu.device.createCommandEncoder().beginComputePass();
    const [submit, dispatch] = [queue.submit.bind(queue), dispatched.dispatchWorkgroups.bind(dispatched)];
    dispatched.dispatchWorkgroups = () => void launches++;
    queue.submit = () => {
      counts.push(launches);
      launches = 0;
    };
    runPlan(plan);
    queue.submit = submit;
    dispatched.dispatchWorkgroups = dispatch;
    return counts;
  }

  it('are bounded by work: two minutes of speech in a layer of the emotion encoder, 298 GFLOP', async () => {
    const [frames, width] = [5999, 1024];
    const plan = await compilePlan(fake.gpu, 'layer', (rec) => {
      const weight = (name: string, outputs: number, inputs: number) => input(rec, name, [outputs, inputs]);
      const x = input(rec, 'x', [1, frames, width]);
      const qkv = linear(rec, x, weight('qkv', 3 * width, width));
      const heads = attention(rec, { qkv }, { heads: 16 });
      const y = linear(rec, heads, weight('out', width, width), { residual: x });
      const hidden = linear(rec, y, weight('up', 4 * width, width));
      output(rec, 'y', linear(rec, hidden, weight('down', width, 4 * width), { residual: y }));
    });
    const work = plan.steps.map(({ launch }) => operationsOf(launch));
    expect(work.reduce((a, b) => a + b, 0) / 1e9).toBeCloseTo(298.4, 0);
    // Attention is 147 GFLOP in one launch: its heads are dealt out, 5, 5, 5 and 1. The two products of the
    // feed-forward layer, 50 GFLOP each, are the only launches that are more than a submission should be.
    expect(plan.steps.map(({ launch: { kernel } }) => kernel)).toEqual([
      ...['linear', 'attention', 'attention', 'attention', 'attention', 'linear', 'linear', 'linear'],
    ]);
    expect(submissionsOf(plan)).toEqual([1, 1, 1, 1, 2, 1, 1]);
    expect(Math.max(...work)).toBeLessThan(1.1 * mostOperations);
    destroyPlan(plan);
  });

  it('hold launches that hardly compute together, up to 1024', async () => {
    const plan = await compilePlan(fake.gpu, 'small', (rec) => {
      let x = input(rec, 'x', [8, 4]);
      const w = input(rec, 'w', [4, 4]);
      for (let i = 0; i < 1030; i++) x = linear(rec, x, w);
      output(rec, 'y', x);
    });
    expect(submissionsOf(plan)).toEqual([1024, 6]);
    destroyPlan(plan);
  });
});
