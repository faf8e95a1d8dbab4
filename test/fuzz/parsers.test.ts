import { describe, expect, it } from 'vitest';
import { fuzz } from './fuzz.js';
import { makeTargets } from './targets.js';

/** `npm run fuzz` sets it higher. */
const inputs = Number(process.env['FLOAT_FUZZ_INPUTS'] ?? 500);

describe('parsers throw nothing but an InputError of one line, and take little memory', async () => {
  it.each(await makeTargets())('$name', async (target) => {
    const result = await fuzz(target, inputs, 1);
    if (process.env['FLOAT_FUZZ_INPUTS']) console.log(JSON.stringify(result));
    expect(result.inputs).toBe(inputs);
    // Both kinds occur: the inputs are neither all broken nor all fine.
    expect(result.refused).toBeGreaterThan(inputs / 10);
    expect(result.refused).toBeLessThan(inputs);
  });
});
