import type { Gpu } from '../src/runtime/gpu.js';
import { openGpu } from '../src/runtime/gpu.js';
import type { HostTensor } from '../src/runtime/evaluate.js';
import { fromFloat16, toFloat16 } from '../src/base/float16.js';
import type { Tile, Tuning } from '../src/runtime/tuning.js';
import type { TestContext } from 'vitest';
import { testAdapter } from './gpu.js';

/** The device tests run on; open it in `beforeAll`, close it with `closeGpu` in `afterAll`. */
export async function openTestGpu(): Promise<Gpu> {
  return openGpu((await testAdapter()).adapter);
}

/** Reproducible values, roughly normal (a sum of four uniforms), as a tensor. */
export function gaussian(shape: readonly number[], seed: number): HostTensor {
  const count = shape.reduce((product, extent) => product * extent, 1);
  let state = (seed ^ 0x9e3779b9) >>> 0;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32 - 0.5) * Math.sqrt(3);
  };
  const data = Float32Array.from({ length: count }, () => uniform() + uniform() + uniform() + uniform());
  return { shape, data };
}

/** The kernels that a product can be launched as; see tuning.ts. */
export const products: readonly Tuning['product'][] = ['shared', 'subgroup'];

/** Shapes of workgroups of conv2d.wgsl. */
export const tiles: readonly Tile[] = [
  { WIDE: 32, HIGH: 4 },
  { WIDE: 16, HIGH: 8 },
];

/** Has the test's products launched so, or skips it where the device cannot. */
export function useProduct(gpu: Gpu, product: Tuning['product'], { skip }: Pick<TestContext, 'skip'>): void {
  if (product === 'subgroup' && !gpu.device.features.has('subgroups')) skip();
  gpu.tuning = { ...gpu.tuning, product };
}

/** Skips the test where the device has no f16. */
export function needsFloat16(gpu: Gpu, { skip }: Pick<TestContext, 'skip'>): void {
  if (!gpu.device.features.has('shader-f16')) skip();
}

/** A tensor rounded to f16, and stored so. */
export function halved({ shape, data }: HostTensor): HostTensor {
  return { shape, data: fromFloat16(toFloat16(data)), precision: 'f16' };
}
