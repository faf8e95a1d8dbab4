import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linear } from '../../src/ops/linear.js';
import { closeGpu, destroyTensor, uploadTensor, type Gpu } from '../../src/runtime/gpu.js';
import { compilePlan, destroyPlan, readOutputs, runPlan, writeInput } from '../../src/runtime/plan.js';
import { input, output } from '../../src/runtime/recorder.js';
import { traceEvents } from '../../src/runtime/trace-events.js';
import { beginSpan, finishTrace, startTrace } from '../../src/runtime/trace.js';
import { openTestGpu } from '../fixtures.js';

let gpu: Gpu;
beforeAll(async () => (gpu = await openTestGpu()));
afterAll(() => closeGpu(gpu));

interface Event {
  name: string;
  ph: string;
  tid: number;
  ts: number;
  dur: number;
}

describe('a trace', () => {
  it('has every launch of every run, in order, and leaves results as they are', async () => {
    if (!gpu.device.features.has('timestamp-query')) {
      expect(() => startTrace(gpu)).toThrow('timestamp-query');
      return;
    }
    const weight = uploadTensor(gpu, 'weight', [1, 1], Float32Array.of(2));
    const plan = await compilePlan(gpu, 'eight', (rec) => {
      let x = input(rec, 'x', [1, 1]);
      for (let i = 0; i < 3; i++) x = linear(rec, x, weight);
      output(rec, 'y', x);
    });
    const before = gpu.memory.bytes;
    startTrace(gpu);
    writeInput(plan, 'x', Float32Array.of(1));
    runPlan(plan);
    runPlan(plan);
    beginSpan(gpu, 'thinking')();
    const { y } = await readOutputs(plan, ['y']);
    const trace = await finishTrace(gpu);

    expect(y[0]).toBe(8);
    expect(gpu.memory.bytes).toBe(before);
    expect(trace.launches.map(({ plan, launch }) => `${plan}/${launch.kernel}`)).toEqual(
      new Array(6).fill('eight/linear_row'),
    );
    trace.launches.forEach(({ start, end }, i) => {
      expect(end).toBeGreaterThanOrEqual(start);
      expect(start).toBeGreaterThanOrEqual(trace.launches[i - 1]?.start ?? 0);
    });
    expect(trace.spans.map(({ name }) => name)).toEqual(['submit eight', 'submit eight', 'thinking']);
    // No launch begins before its run is submitted.
    expect(trace.launches[0]?.start).toBeGreaterThanOrEqual(trace.spans[0]?.start ?? Infinity);

    const { traceEvents: events } = JSON.parse(traceEvents(trace)) as { traceEvents: Event[] };
    const complete = events.filter(({ ph }) => ph === 'X');
    expect(complete.filter(({ tid }) => tid === 2).map(({ name }) => name)).toEqual(
      new Array(6).fill('linear_row'),
    );
    expect(Math.min(...complete.map(({ ts }) => ts))).toBe(0);

    runPlan(plan);
    expect(gpu.trace).toBeUndefined();
    destroyPlan(plan);
    destroyTensor(gpu, weight);
  });

  it('may be longer than a call has arguments', () => {
    const spans = Array.from({ length: 200_000 }, (_, i) => ({ name: 'wait', start: i + 5, end: i + 6 }));
    const { traceEvents: events } = JSON.parse(traceEvents({ launches: [], spans })) as {
      traceEvents: Event[];
    };
    expect(events.at(-1)).toMatchObject({ name: 'wait', ts: 199_999_000, dur: 1000 });
  });
});
