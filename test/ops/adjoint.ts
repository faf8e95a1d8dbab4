import { expect } from 'vitest';
import { tapeOperators } from '../../src/ops/tape-operators.js';
import type { HostTensor } from '../../src/runtime/evaluate.js';
import { evaluate } from '../../src/runtime/evaluate.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import type { Recorder } from '../../src/runtime/recorder.js';
import { backward, openTape } from '../../src/runtime/tape.js';
import type { Tensor } from '../../src/runtime/tensor.js';

/** The gradients of Σ dy·f(inputs) at all inputs but dy, as the tape computes them on the GPU. */
export async function gradients<Name extends string>(
  gpu: Gpu,
  inputs: Record<Name, HostTensor>,
  dy: HostTensor,
  record: (rec: Recorder, tensors: Record<Name, Tensor>) => Tensor,
): Promise<Record<Name, Float32Array>> {
  const names = Object.keys(inputs) as Name[];
  const given = { ...inputs, dy } as Record<Name | 'dy', HostTensor>;
  const results = await evaluate(gpu, given, (rec, tensors) => {
    const wanted = names.map((name) => [tensors[name], undefined] as const);
    openTape(rec, tapeOperators(rec), wanted);
    const y = record(rec, tensors);
    const gradientOf = backward(rec, [[y, tensors.dy]]);
    return Object.fromEntries(
      names.map((name) => {
        const gradient = gradientOf(tensors[name]);
        if (!gradient) throw new Error(`no gradient of ${name}`);
        return [name, gradient];
      }),
    ) as Record<Name, Tensor>;
  });
  return Object.fromEntries(names.map((name) => [name, results[name].data])) as Record<Name, Float32Array>;
}

/**
 * Asserts that `gradient` is that of Σ dy·f(x), by central differences of f in float64.
 *
 * @param f may be called with other x of the same length.
 */
export function expectGradient(
  what: string,
  f: (x: Float64Array) => ArrayLike<number>,
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
  gradient: ArrayLike<number>,
): void {
  expect(gradient.length, `${what}: number of elements`).toBe(x.length);
  const step = 1e-5;
  const at = Float64Array.from(x);
  const valueAt = (i: number, shift: number) => {
    const moved = at.slice();
    moved[i]! += shift;
    return Array.from(f(moved)).reduce((sum, y, n) => sum + y * dy[n]!, 0);
  };
  const slopes = at.map((_, i) => (valueAt(i, step) - valueAt(i, -step)) / (2 * step));
  const largest = slopes.reduce((most, slope) => Math.max(most, Math.abs(slope)), 1);
  slopes.forEach((slope, i) => {
    expect(
      Math.abs(gradient[i]! - slope),
      `${what}[${i}]: ${gradient[i]}, differences ${slope}`,
    ).toBeLessThan(1e-7 * largest);
  });
}

/** ∂Σ dy·f(x)/∂x by central differences. */
export function differences(
  f: (x: Float64Array) => ArrayLike<number>,
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
) {
  const at = Float64Array.from(x);
  return at.map((_, i) => {
    const [up, down] = [1e-5, -1e-5].map((shift) => {
      const moved = at.slice();
      moved[i]! += shift;
      return Array.from(f(moved)).reduce((sum, y, n) => sum + y * dy[n]!, 0);
    });
    return (up! - down!) / 2e-5;
  });
}
