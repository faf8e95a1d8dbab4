import { CommanderError } from 'commander';
import { InputError, messageOf } from '../base/errors.js';
import type { Ending } from './ending.js';

export const NO_FOLDER = 'the working directory does not exist any more';

/** How a command ends that failed so. */
export function endingOf(error: unknown): Ending {
  // Commander has told it already.
  if (error instanceof CommanderError) return { status: 2 };
  // It may go while a command works.
  if (error instanceof Error && 'syscall' in error && error.syscall === 'uv_cwd')
    return { status: 2, line: NO_FOLDER };
  const stack = process.env['FLOAT_DEBUG'] && error instanceof Error ? error.stack : undefined;
  return { status: error instanceof InputError ? 2 : 1, line: messageOf(error), ...(stack && { stack }) };
}
