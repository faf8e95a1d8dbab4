import { expect } from 'vitest';

/**
 * Asserts that ‖actual − expected‖/‖expected‖ is at most `allowed`. A failure names the worst element's index, both
 * values, the error and what was allowed.
 */
export function expectClose(
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  allowed: number,
): void {
  expect(actual.length, `${what}: number of elements`).toBe(expected.length);
  let difference = 0;
  let norm = 0;
  let worst = 0;
  let worstDistance = -1;
  for (let i = 0; i < expected.length; i++) {
    const a = actual[i] ?? NaN;
    const e = expected[i] ?? NaN;
    const distance = Number.isNaN(a) ? Infinity : Math.abs(a - e);
    difference += distance ** 2;
    norm += e ** 2;
    if (distance > worstDistance) [worst, worstDistance] = [i, distance];
  }
  const error = difference === 0 ? 0 : Math.sqrt(difference / norm);
  if (!(error <= allowed)) {
    expect.fail(
      `${what}: relative error ${error.toExponential(2)}, allowed ${allowed.toExponential(2)}; ` +
        `worst at [${worst}]: ${actual[worst]} instead of ${expected[worst]}`,
    );
  }
}
