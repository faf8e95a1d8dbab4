import type { Command } from 'commander';
import { Option } from 'commander';
import { goldenStages } from '../verify/golden-set.js';
import { addAnimate } from './animate-options.js';
import type { ConvertFlags } from './convert.js';
import type { InfoFlags } from './info.js';
import type { InspectFlags } from './inspect.js';
import { adapterHelp, experimentalOption, precisionOption } from './options.js';
import { addPrepare } from './prepare-options.js';
import { addTrain } from './train-options.js';
import type { VerifyFlags } from './verify.js';
import { addWeightsCommands } from './weights-options.js';

/** Adds all commands. What one does is loaded when it is asked for: a list of tensors needs no GPU, and no video. */
export function addCommands(program: Command, signal: AbortSignal): void {
  addAnimate(program, signal);
  addVerify(program, signal);
  addInspect(program);
  addConvert(program, signal);
  addInfo(program);
  addPrepare(program, signal);
  addTrain(program, signal);
  addWeightsCommands(program, signal);
}

function addVerify(program: Command, signal: AbortSignal): void {
  program
    .command('verify')
    .description(
      'compare every tensor of a golden set with ours; exit status 1 if any is too far off (in f16: any frame)',
    )
    .argument('<dir>', 'a golden set laid out as golden/README.md says')
    .option('--stages <list>', `comma-separated: ${goldenStages.join(', ')} (default: all in the set)`)
    .option('--weights <path>', 'the checkpoint (default: weights.safetensors or weights.json of the set)')
    .option('--adapter <name>', adapterHelp, 'auto')
    .addOption(precisionOption())
    .addOption(experimentalOption())
    .option('--json', 'print JSON')
    .action(async (folder: string, flags: VerifyFlags) =>
      (await import('./verify.js')).runVerify(folder, flags, signal),
    );
}

function addInspect(program: Command): void {
  program
    .command('inspect')
    .description('list the tensors of a checkpoint, and which parts of the model it has whole')
    .argument('<path>', 'safetensors, float.pth, a folder with weights, or a weights.json')
    .option('--config <file>', 'the configuration to compare with, instead of the one beside the weights')
    .option('--json', 'print JSON')
    .action(async (path: string, flags: InspectFlags) =>
      (await import('./inspect.js')).runInspect(path, flags),
    );
}

function addConvert(program: Command, signal: AbortSignal): void {
  program
    .command('convert')
    .description('make one checked safetensors file from the files of a checkpoint')
    .argument(
      '<path...>',
      'float.pth, safetensors, folders of Hugging Face’s, or one folder with all: together the whole model',
    )
    .requiredOption('--out <safetensors>', 'the file to write; its configuration is in its metadata')
    .addOption(
      new Option('--dtype <type>', 'how to write numbers').choices(['f32', 'f16', 'bf16']).default('f32'),
    )
    .option('--config <json>', 'the sizes of the model, if neither published nor beside it')
    .option('--quiet', 'print nothing but errors')
    .action(async (paths: string[], flags: ConvertFlags) =>
      (await import('./convert.js')).runConvert(paths, flags, signal),
    );
}

function addInfo(program: Command): void {
  program
    .command('info')
    .description('tell which graphics adapter would be used and what it can do')
    .option('--adapter <name>', adapterHelp, 'auto')
    .option('--json', 'print JSON')
    .action(async (flags: InfoFlags) => (await import('./info.js')).runInfo(flags));
}
