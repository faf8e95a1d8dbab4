import type { Command } from 'commander';
import { openCheckpointFiles } from '../node/checkpoint-files.js';
import { openWeights } from '../node/weights.js';
import { completeParts } from '../weights/check.js';
import { joinWeights } from '../weights/join.js';
import { modelParts } from '../weights/manifest.js';
import type { ModelPart } from '../weights/manifest.js';
import { elementCount, formatShape } from '../weights/source.js';
import { InputError } from '../base/errors.js';

export function addInspect(program: Command): void {
  program
    .command('inspect')
    .description('list the tensors of a checkpoint, and which parts of the model it has whole')
    .argument('<path>', 'safetensors, float.pth, a folder with weights, or a weights.json')
    .option('--config <file>', 'the configuration to compare with, instead of the one beside the weights')
    .option('--json', 'print JSON')
    .action(async (file: string, options: { config?: string; json?: boolean }) => {
      process.stdout.write(await inspect(file, options));
    });
}

/** What `float inspect` prints. A file that is no checkpoint (saved motion, say) is listed all the same. */
async function inspect(path: string, options: { config?: string; json?: boolean }): Promise<string> {
  const { files, close } = await openCheckpointFiles([path]);
  try {
    const source = joinWeights(files);
    const tensors = [...source.tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
    const parameters = tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0);
    const fit = await fitOf(path, options.config);
    if (options.json) return `${JSON.stringify({ file: path, parameters, ...fit, tensors }, null, 1)}\n`;
    const widest = Math.max(0, ...tensors.map(({ name }) => name.length));
    const lines = tensors.map(
      ({ name, dtype, shape }) => `${name.padEnd(widest)}  ${dtype.padEnd(4)}  ${formatShape(shape)}`,
    );
    lines.push(`${tensors.length} tensors, ${parameters} values`);
    for (const part of modelParts) {
      lines.push(`${part}: ${fit.complete.includes(part) ? 'complete' : 'not complete'}`);
    }
    if (fit.misfit) lines.push(fit.misfit);
    return `${lines.join('\n')}\n`;
  } finally {
    await close();
  }
}

/** The parts that are complete, or why the file is no checkpoint of its configuration. */
async function fitOf(path: string, configPath?: string): Promise<{ complete: ModelPart[]; misfit?: string }> {
  try {
    const options = { parts: [], ...(configPath !== undefined && { configPath }) };
    const { model, weights, close } = await openWeights(path, options);
    await close();
    return { complete: completeParts(weights, model) };
  } catch (error) {
    if (error instanceof InputError && configPath === undefined)
      return { complete: [], misfit: error.message };
    throw error;
  }
}
