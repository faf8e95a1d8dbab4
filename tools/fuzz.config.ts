import { defineConfig } from 'vitest/config';

/** `npm run fuzz`: the test of the parsers with 20,000 inputs each, 160,000 in all. */
export default defineConfig({
  test: {
    include: ['test/fuzz/*.test.ts'],
    env: { FLOAT_FUZZ_INPUTS: '20000' },
    testTimeout: 1_800_000,
    maxWorkers: 1,
  },
});
