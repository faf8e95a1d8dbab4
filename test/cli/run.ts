import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

export const example = (path: string): string => join(root, 'examples', path);
export const golden = (path: string): string => join(root, 'golden', path);
export const weights = (path: string): string => join(root, 'weights', path);

/** A new empty folder under the system's temporary one. */
export const emptyFolder = (): string => mkdtempSync(join(tmpdir(), 'float-test-'));

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the built command (`npm run build` first; `npm test` does) to its end.
 *
 * @param interruptWhen the command gets SIGINT once this is true.
 */
export function runFloat(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  interruptWhen?: () => boolean,
): Promise<Finished> {
  const child = spawn(process.execPath, [join(root, 'dist/cli/main.js'), ...args], {
    // Not the weights of whoever runs the tests.
    env: { ...process.env, FLOAT_HOME: join(tmpdir(), 'float-no-home'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const poll = setInterval(() => {
    if (!interruptWhen?.()) return;
    clearInterval(poll);
    child.kill('SIGINT');
  }, 50);
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (status) => {
      clearInterval(poll);
      resolve({ status, stdout, stderr });
    });
  });
}
