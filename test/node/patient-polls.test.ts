import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { matmul } from '../../src/ops/matmul.js';
import { patientImmediate } from '../../src/node/patient-polls.js';
import { evaluate } from '../../src/runtime/evaluate.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { closeGpu } from '../../src/runtime/gpu.js';
import { gaussian, openTestGpu } from '../fixtures.js';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openTestGpu();
});
afterAll(() => closeGpu(gpu));

describe('patientImmediate', () => {
  it('passes functions of JavaScript on, with their arguments', () => {
    const calls: unknown[][] = [];
    const patient = patientImmediate(
      (...call) => calls.push(call),
      () => expect.unreachable(),
    );
    let resolve = () => undefined as void;
    void new Promise<void>((own) => (resolve = own));
    const own = () => undefined;
    for (let i = 0; i < 100; i++) {
      patient(own, i);
      patient(resolve);
      patient(own.bind(null));
    }
    expect(calls.length).toBe(300);
    expect(calls.slice(0, 2)).toEqual([[own, 0], [resolve]]);
  });

  it('knows the polls of the binding in use, and lets them wait', async () => {
    const original = globalThis.setImmediate;
    let delayed = 0;
    const patient = patientImmediate(original, (poll) => {
      delayed++;
      return setTimeout(poll, 1);
    });
    globalThis.setImmediate = patient as typeof setImmediate;
    try {
      const side = 512;
      const inputs = { a: gaussian([1, side, side], 1), b: gaussian([1, side, side], 2) };
      const { y } = await evaluate(gpu, inputs, (rec, { a, b }) => ({ y: matmul(rec, a, b) }));
      expect(y.shape).toEqual([1, side, side]);
      expect(delayed).toBeGreaterThan(0);
    } finally {
      globalThis.setImmediate = original;
    }
  });
});
