import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/web/**/*.e2e.ts'],
    pool: 'forks',
    // Each file has a browser of its own, which waits as often as it computes.
    maxWorkers: 2,
    testTimeout: 600_000,
    hookTimeout: 300_000,
  },
});
