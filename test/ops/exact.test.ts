import { afterAll, beforeAll, expect, it } from 'vitest';
import { activate } from '../../src/ops/elementwise.js';
import { evaluate } from '../../src/runtime/evaluate.js';
import { closeGpu, type Gpu } from '../../src/runtime/gpu.js';
import { openTestGpu } from '../fixtures.js';

let gpu: Gpu;
beforeAll(async () => (gpu = await openTestGpu()));
afterAll(() => closeGpu(gpu));

/** The largest relative error of any one value: a norm over all of them would pass over the small ones. */
async function worst(
  activation: 'silu' | 'tanh' | 'sigmoid',
  twin: (v: number) => number,
  data: Float32Array<ArrayBuffer>,
): Promise<number> {
  const { y } = await evaluate(gpu, { x: { shape: [data.length], data } }, (rec, { x }) => ({
    y: activate(rec, x, activation),
  }));
  return y.data.reduce((most, value, i) => Math.max(most, Math.abs(value / twin(data[i]!) - 1)), 0);
}

// Far below 0, v·σ(v) is v·eᵛ and σ(v) is eᵛ: their errors are those of `exp_exact`.
const negative = Float32Array.from({ length: 4000 }, (_, i) => -1 - i / 100);
const around = Float32Array.from({ length: 4000 }, (_, i) => (i - 1999.5) / 400);

it('exp_exact and tanh_exact are good to a few units in the last place, value by value', async () => {
  const errors = {
    silu: await worst('silu', (v) => v / (1 + Math.exp(-v)), negative),
    sigmoid: await worst('sigmoid', (v) => 1 / (1 + Math.exp(-v)), negative),
    tanh: await worst('tanh', Math.tanh, around),
  };
  for (const [name, error] of Object.entries(errors)) expect(error, name).toBeLessThan(2.5e-7);
});
