#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { InputError } from '../base/errors.js';
import { endingOf, NO_FOLDER } from './ending-of.js';
import { endWell } from './ending.js';
import { printError } from './print.js';

/** The `float` command. */
async function main(signal: AbortSignal): Promise<void> {
  checkWorkingFolder();
  // Not before: a signal while they load, or a broken installation, is to end as any other.
  const { addCommands } = await import('./commands.js');
  const program = new Command('float')
    .description('FLOAT talking portraits on WebGPU: a portrait and speech in, a video of them talking out')
    .exitOverride()
    .configureOutput({ outputError: (text) => printError(usageError(text)) });
  addCommands(program, signal);
  await program.parseAsync().catch((error: unknown) => {
    // So commander ends after --help.
    if (!(error instanceof CommanderError && error.exitCode === 0)) throw error;
  });
}

/** Commander's message as one line: what it proposes instead stands in a line of its own. */
function usageError(text: string): string {
  return text
    .trimEnd()
    .replace(/^error: /, 'float: ')
    .replace(/\n(?=\(Did you mean )/, ' ');
}

function checkWorkingFolder(): void {
  try {
    process.cwd();
  } catch {
    throw new InputError(NO_FOLDER);
  }
}

await endWell(main, endingOf);
