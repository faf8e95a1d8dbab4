import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadEspeak } from '../../src/node/espeak.js';
import { emptyFolder, runFloat } from './run.js';

// The recipe of docs/training.md, in about two minutes of two cores.
it('a small transformer learns from zero to move the jaw to speech that it has not heard', async ({
  skip,
}) => {
  if (!(await loadEspeak())) skip();
  const folder = emptyFolder();
  const [data, run, config] = ['data', 'run', 'settings.json'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const settings = { model: { dim_h: 96, fmt_depth: 2 }, steps: 150, rate: 2e-3, warmup: 50, ema: 0.97 };
  writeFileSync(config, JSON.stringify(settings));
  const adapter = ['--adapter', process.env['FLOAT_TEST_ADAPTER'] ?? 'software'];
  const prepared = await runFloat([
    'prepare',
    '--cartoon',
    '--clips',
    '32',
    '--seed',
    '2',
    '--out',
    data,
    ...adapter,
  ]);
  expect(prepared.stderr).toContain('32 clips (4 held out)');
  const options = ['--config', config, '--evaluate-every', '150', '--evaluate-clips', '4', ...adapter];
  const trained = await runFloat(['train', 'fmt', '--data', data, '--out', run, ...options]);
  expect(trained.status).toBe(0);
  const [, line = ''] = readFileSync(join(run, 'held-out.csv'), 'utf8').split('\n');
  const [step, , what, own, other] = line.split(',');
  expect([step, what]).toEqual(['150', 'jaw']);
  expect(Number(own)).toBeGreaterThan(0.6);
  expect(Number(other)).toBeLessThan(0.4);
});
