import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'float-quiet-'));
afterAll(() => rmSync(folder, { recursive: true }));

const built = fileURLToPath(new URL('../../dist/node/quiet.js', import.meta.url));
const program = `
  import { writeSync } from 'node:fs';
  import { openQuiet } from ${JSON.stringify(built)};
  const quietly = await openQuiet();
  writeSync(2, 'before ');
  writeSync(2, quietly(() => { writeSync(2, 'inside '); return 'after '; }));
  try { quietly(() => { writeSync(2, 'thrown '); throw new Error('caught'); }); } catch (error) { writeSync(2, error.message); }
`;

function run(stderr: 'pipe' | number, env: NodeJS.ProcessEnv = {}): string {
  const args = ['--input-type=module', '--eval', program];
  return spawnSync(process.execPath, args, {
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', stderr],
  }).stderr;
}

describe.runIf(process.platform !== 'win32')('what runs quietly writes nothing to standard error', () => {
  it('a socket', () => expect(run('pipe')).toBe('before after caught'));

  it('a file, whose place is kept', () => {
    const path = join(folder, 'log');
    const file = openSync(path, 'w');
    run(file);
    run(file);
    closeSync(file);
    expect(readFileSync(path, 'utf8')).toBe('before after caughtbefore after caught');
  });

  it('but everything with FLOAT_DEBUG', () => {
    expect(run('pipe', { FLOAT_DEBUG: '1' })).toBe('before inside after thrown caught');
  });
});
