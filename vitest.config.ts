import { defineConfig } from 'vitest/config';
import { embedShaders } from './tools/embed-shaders.mjs';

embedShaders();

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Dawn does not like worker threads: one forked process a test file.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
