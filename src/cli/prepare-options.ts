import type { Command } from 'commander';
import { Option } from 'commander';
import type { PrepareFlags } from './prepare-flags.js';
import { adapterHelp, demoWeights, wholeNumber } from './options.js';

export function addPrepare(program: Command, signal: AbortSignal): void {
  program
    .command('prepare')
    .description('make a data set to train on: talking cartoon heads, whose motion is known')
    .option('--cartoon', 'draw the clips (videos are not read yet)')
    .option('--clips <n>', 'how many; every eighth is held out', wholeNumber(2, 99_999), 64)
    .option('--seed <n>', 'the same seed makes the same clips', wholeNumber(0), 1)
    .addOption(
      new Option(
        '--speech <source>',
        'espeak: sentences said by espeak-ng; examples: three recordings; auto: espeak where it is installed',
      )
        .choices(['auto', 'espeak', 'examples'])
        .default('auto'),
    )
    .addOption(
      new Option(
        '--latents <source>',
        'known: from the true motion, in a model of cartoon directions; encoded: from the pictures (default: what can be)',
      ).choices(['known', 'encoded']),
    )
    .option('--weights <path>', 'the checkpoint whose encoders hear and see', demoWeights)
    .requiredOption('--out <folder>', 'the data set; a run that was interrupted goes on')
    .option('--adapter <name>', adapterHelp, 'auto')
    .option('--quiet', 'print nothing but errors')
    .action(async (flags: PrepareFlags) => {
      const { runPrepare } = await import('./prepare.js');
      await runPrepare(flags, signal);
    });
}
