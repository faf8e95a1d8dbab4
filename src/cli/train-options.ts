import type { Command } from 'commander';
import { Option } from 'commander';
import type { TrainFmtFlags } from './train-flags.js';
import { adapterHelp, atLeastZero, demoWeights, wholeNumber } from './options.js';

export function addTrain(program: Command, signal: AbortSignal): void {
  const train = program.command('train').description('train a network of the model on a data set');
  addTrainFmt(train, signal);
}

function addTrainFmt(train: Command, signal: AbortSignal): void {
  train
    .command('fmt')
    .description('train the flow-matching transformer: speech to motion')
    .requiredOption('--data <folder>', 'the data set, as `float prepare` makes it')
    .requiredOption('--out <folder>', 'the run: checkpoints, the optimiser’s state, logs')
    .option('--resume', 'go on with the run that is there')
    .option('--weights <path>', 'the checkpoint whose other networks are kept', demoWeights)
    .option('--fine-tune', 'begin with its transformer, instead of from zero')
    .option('--config <json>', 'settings, by the names that docs/training.md lists')
    .addOption(
      new Option('--preset <name>', 'settings to begin with (default: demo)').choices(['demo', 'published']),
    )
    .option('--steps <n>', 'optimiser steps in all', wholeNumber(1))
    .option('--minutes <n>', 'end after so many minutes, with a checkpoint', atLeastZero)
    .option('--batch <n>', 'samples a step', wholeNumber(1, 65536))
    .option(
      '--accumulate <n>',
      'compute a batch in so many pieces, to need less memory',
      wholeNumber(1, 65536),
    )
    .option('--rate <x>', 'Adam’s learning rate', atLeastZero)
    .option('--ema <x>', 'decay of the weights’ running mean, which checkpoints hold; 0: none', atLeastZero)
    .option('--seed <n>', 'the same seed makes the same checkpoint on one adapter', wholeNumber(0))
    .addOption(
      new Option('--objective <name>', 'what it learns to predict').choices(['flow', 'epsilon', 'sample']),
    )
    .addOption(
      new Option('--preceding <what>', 'what the preceding frames are given as').choices([
        'motion',
        'velocity',
      ]),
    )
    .option('--save-every <n>', 'steps between checkpoints', wholeNumber(1), 500)
    .option('--keep <n>', 'how many checkpoints are kept', wholeNumber(1), 3)
    .option('--evaluate-every <n>', 'steps between samples of held-out clips; 0: never', wholeNumber(0), 500)
    .option('--evaluate-clips <n>', 'how many of them', wholeNumber(1), 8)
    .option('--adapter <name>', adapterHelp, 'auto')
    .option('--quiet', 'print nothing but errors')
    .action(async (flags: TrainFmtFlags) => (await import('./train-fmt.js')).runTrainFmt(flags, signal));
}
