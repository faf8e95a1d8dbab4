import { CommanderError } from 'commander';
import { expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { endingOf } from '../../src/cli/ending-of.js';

it('what failed says how a command ends', () => {
  const gone = Object.assign(new Error('ENOENT: no such file or directory, uv_cwd'), { syscall: 'uv_cwd' });
  expect(
    [new InputError('a'), new Error('b'), 'c', new CommanderError(1, 'x', 'told'), gone].map(endingOf),
  ).toEqual([
    { status: 2, line: 'a' },
    { status: 1, line: 'b' },
    { status: 1, line: 'c' },
    { status: 2 },
    { status: 2, line: 'the working directory does not exist any more' },
  ]);
});
