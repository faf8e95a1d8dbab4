import stringWidth from 'string-width';
import { InputError } from '../base/errors.js';
import { escapeControls } from '../base/escape.js';
import { openCheckpointFiles, readJson } from '../node/checkpoint-files.js';
import { completeParts } from '../weights/check.js';
import type { CheckpointFile } from '../weights/formats.js';
import { joinWeights } from '../weights/join.js';
import { joinCheckpoint } from '../weights/load.js';
import { modelParts } from '../weights/manifest.js';
import type { ModelPart } from '../weights/manifest.js';
import { elementCount, formatShape } from '../weights/source.js';
import { printJson, printLines } from './print.js';

export interface InspectFlags {
  config?: string;
  json?: boolean;
}

/** What `float inspect` prints. A file that is no checkpoint (saved motion, say) is listed all the same. */
export async function runInspect(path: string, options: InspectFlags): Promise<void> {
  const { files, close } = await openCheckpointFiles([path]);
  try {
    const source = joinWeights(files);
    const tensors = [...source.tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
    const parameters = tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0);
    const fit = await fitOf(files, options.config);
    if (options.json) printJson({ file: path, parameters, ...fit, tensors }, 1);
    else
      printLines([
        ...tensorTable(tensors),
        `${tensors.length} tensors, ${parameters} values`,
        ...fitLines(fit),
      ]);
  } finally {
    await close();
  }
}

/** Columns beyond which a name no longer moves what follows all other names. */
const widestName = 80;

function tensorTable(
  tensors: readonly { name: string; dtype: string; shape: readonly number[] }[],
): string[] {
  const rows = tensors.map(({ name, dtype, shape }) => {
    const shown = escapeControls(name);
    return { shown, width: stringWidth(shown), rest: `${dtype.padEnd(4)}  ${formatShape(shape)}` };
  });
  const widest = rows.reduce((most, { width }) => Math.max(most, Math.min(width, widestName)), 0);
  return rows.map(({ shown, width, rest }) => `${shown}${' '.repeat(Math.max(0, widest - width))}  ${rest}`);
}

function fitLines({ complete, misfit }: Fit): string[] {
  const parts = modelParts.map((part) => `${part}: ${complete.includes(part) ? 'complete' : 'not complete'}`);
  return misfit === undefined ? parts : [...parts, misfit];
}

interface Fit {
  readonly complete: readonly ModelPart[];
  readonly misfit?: string;
}

/** The parts that are complete, or why the file is no checkpoint of its configuration. */
async function fitOf(files: readonly CheckpointFile[], configPath?: string): Promise<Fit> {
  try {
    const config = configPath === undefined ? {} : { config: await readJson(configPath) };
    const { model, weights } = joinCheckpoint(files, { parts: [], ...config });
    return { complete: completeParts(weights, model) };
  } catch (error) {
    if (error instanceof InputError && configPath === undefined)
      return { complete: [], misfit: error.message };
    throw error;
  }
}
