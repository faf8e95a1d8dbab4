#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { InputError, messageOf } from '../base/errors.js';
import { addAnimate } from './animate.js';
import { addConvert } from './convert.js';
import { addInfo } from './info.js';
import { addInspect } from './inspect.js';
import { printError } from './print.js';
import { addVerify } from './verify.js';

/**
 * The `float` command. Exit status: 0 done; 1 a check failed or something broke; 2 bad input, told in one line; 130
 * interrupted.
 */
async function main(): Promise<void> {
  const program = new Command('float')
    .description('FLOAT talking portraits on WebGPU: a portrait and speech in, a video of them talking out')
    .exitOverride()
    .configureOutput({ outputError: (text) => printError(usageError(text)) });
  addAnimate(program);
  addVerify(program);
  addInspect(program);
  addConvert(program);
  addInfo(program);
  await program.parseAsync();
}

/** Commander's message as one line: what it proposes instead stands in a line of its own. */
function usageError(text: string): string {
  return text
    .trimEnd()
    .replace(/^error: /, 'float: ')
    .replace(/\n(?=\(Did you mean )/, ' ');
}

function exitStatus(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof Error && error.name === 'AbortError') {
    printError('float: interrupted');
    return 130;
  }
  printError(`float: ${messageOf(error)}`);
  if (process.env['FLOAT_DEBUG'] && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return error instanceof InputError ? 2 : 1;
}

main().catch((error: unknown) => {
  process.exitCode = exitStatus(error);
});
