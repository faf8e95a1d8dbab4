import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { embedShaders } from './tools/embed-shaders.mjs';

embedShaders();

// `npm run test:slow` sets FLOAT_SLOW_TESTS: whole runs of the command, which take minutes without a GPU.
const slow = process.env['FLOAT_SLOW_TESTS'] !== undefined;
const folder = join(import.meta.dirname, 'test');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.test.ts') && file.endsWith('.slow.test.ts') === slow);

// Dawn likes neither worker threads nor to be opened often in a process; and what changes the environment, globals or
// the heap stays alone with it. All other files take turns in the same processes, which load the modules once.
const wantsAProcess =
  /openTestGpu|testAdapter|requestNodeAdapter|stubGlobal|globalThis|memoryUsage|process\.env\[\S+\] = /;
const isAlone = (file: string) => wantsAProcess.test(readFileSync(join(folder, file), 'utf8'));

const project = (name: string, isolate: boolean) => ({
  test: {
    name,
    include: files.filter((file) => isAlone(file) === isolate).map((file) => `test/${file}`),
    isolate,
    setupFiles: ['test/setup.ts'],
    pool: 'forks' as const,
    maxWorkers: 2,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});

export default defineConfig({ test: { projects: [project('alone', true), project('together', false)] } });
