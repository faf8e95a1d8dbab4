import { spawnSync } from 'node:child_process';

/** Runs a program to its end. @throws Error with the last of what it said. */
export function run(program, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    ...options,
  });
  if (status !== 0) throw new Error(`${program}: ${error?.message ?? stderr.slice(-600)}`);
  return { stdout, stderr };
}
