import { defineConfig } from 'vitest/config';
import { embedShaders } from './tools/embed-shaders.mjs';

embedShaders();

export default defineConfig({
  test: {
    // `npm run test:slow` sets FLOAT_SLOW_TESTS: whole runs of the command, which take minutes without a GPU.
    include: [process.env['FLOAT_SLOW_TESTS'] ? 'test/**/*.slow.test.ts' : 'test/**/!(*.slow).test.ts'],
    setupFiles: ['test/setup.ts'],
    // Dawn does not like worker threads: one forked process a test file.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
