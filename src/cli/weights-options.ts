import type { Command } from 'commander';
import { Option } from 'commander';
import type { GetFlags } from './weights-get.js';
import type { ListFlags, QuietFlags } from './weights.js';

/** `float weights`: the model for photographs, and others, in the user's data folder. */
export function addWeightsCommands(program: Command, signal: AbortSignal): void {
  const weights = program
    .command('weights')
    .description('fetch the model for photographs, and keep weights in your data folder');
  const name = ['<name>', 'published, or the name that --from was given'] as const;
  weights
    .command('get')
    .description('fetch weights, check and convert them; the same command goes on where one was stopped')
    .argument('<name>', 'published: the authors’ model, for photographs; with --from any name')
    .option(
      '--from <source...>',
      'an address, hf:OWNER/NAME, or a file or folder of yours; several make one model',
    )
    .addOption(
      new Option('--dtype <type>', 'how to keep numbers; f16 takes half the room')
        .choices(['f32', 'f16', 'bf16'])
        .default('f32'),
    )
    .option('--accept-licence', 'do not ask: I have read the licences and accept them')
    .option('--quiet', 'print nothing but errors')
    .action(async (name: string, flags: GetFlags) =>
      (await import('./weights-get.js')).runGet(name, flags, signal),
    );
  weights
    .command('list')
    .description('list the weights there are')
    .option('--json', 'print JSON')
    .action(async (flags: ListFlags) => (await load()).runList(flags));
  weights
    .command('verify')
    .description('compare weights with what they were when they were got')
    .argument(...name)
    .option('--quiet', 'print nothing but errors')
    .action(async (name: string, flags: QuietFlags) => (await load()).runVerify(name, flags, signal));
  weights
    .command('remove')
    .description('remove weights, and what is there of unfinished ones')
    .argument(...name)
    .option('--quiet', 'print nothing but errors')
    .action(async (name: string, flags: QuietFlags) => (await load()).runRemove(name, flags));
  weights
    .command('path')
    .description('print the folder of weights, or without a name the folder of them all')
    .argument('[name]', name[1])
    .action(async (name?: string) => (await load()).runPath(name));
}

const load = () => import('./weights.js');
