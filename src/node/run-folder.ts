import { readdir, rm, appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../base/errors.js';
import { openSafetensors, type SafetensorsFile, type TensorData } from '../weights/safetensors.js';
import { parseJsonObject } from '../weights/json.js';
import type { WeightSource } from '../weights/source.js';
import type { StreamOptions } from '../weights/stream.js';
import { openFileSource } from './file-source.js';
import { cannotWrite, isMissing, readInput } from './files.js';
import { makeOutputFolders } from './make-folders.js';
import { writeAtomically } from './partial-file.js';
import { writeSafetensorsFile } from './safetensors-file.js';

/**
 * The folder of a training run: the last checkpoints, each with the optimiser's state beside it, and logs.
 *
 * `step-000500.safetensors` is a checkpoint as any other, `step-000500.optimiser.safetensors` what training needs beside
 * it to go on. Either has a temporary name until it is whole.
 */
export interface RunFolder {
  readonly path: string;
  /** The newest step of which both files are there, if any. */
  readonly last: number | undefined;
}

const checkpointName = (step: number) => `step-${String(step).padStart(6, '0')}.safetensors`;
const stateName = (step: number) => `step-${String(step).padStart(6, '0')}.optimiser.safetensors`;
const ownFile = /^step-(\d{6,})(\.optimiser)?\.safetensors$/;
const unfinished = /^(step-\d{6,}(\.optimiser)?\.safetensors|[\w-]+\.csv)\.partial-/;

/**
 * @param resume whether a run is there to go on with, or none may be.
 * @throws InputError if it is otherwise, or the folder cannot be made.
 */
export async function openRunFolder(path: string, resume: boolean): Promise<RunFolder> {
  const names = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (isMissing(error)) return [] as string[];
    throw cannotWrite(path, error);
  });
  const last = completeSteps(names).at(-1);
  const isRun = names.includes(logName) || names.some((name) => ownFile.test(name));
  if (resume && !isRun)
    throw new InputError(`--resume: ${path}: expected a run, found neither log nor checkpoint`);
  if (!resume && isRun) {
    const at = last === undefined ? '' : ` at step ${last}`;
    throw new InputError(`${path}: there is a run${at}; expected --resume, or a new folder`);
  }
  await makeOutputFolders(path);
  // Of a run that was killed while it wrote.
  for (const name of names.filter((it) => unfinished.test(it))) await rm(join(path, name), { force: true });
  return { path, last };
}

function completeSteps(names: readonly string[]): number[] {
  const steps = names.flatMap((name) => {
    const [, step, state] = ownFile.exec(name) ?? [];
    return step !== undefined && state === undefined ? [Number(step)] : [];
  });
  return steps.filter((step) => names.includes(stateName(step))).sort((a, b) => a - b);
}

export const checkpointPath = ({ path }: Pick<RunFolder, 'path'>, step: number) =>
  join(path, checkpointName(step));

/**
 * Writes checkpoint and state, and only then takes away older ones, so that `keep` remain.
 *
 * @throws InputError when there is no room, or they cannot be written otherwise; what was there before stays.
 */
export async function saveRun(
  run: RunFolder,
  step: number,
  checkpoint: { readonly weights: WeightSource; readonly layout: StreamOptions },
  state: { readonly tensors: ReadonlyMap<string, TensorData>; readonly metadata: Record<string, string> },
  keep: number,
): Promise<void> {
  const { tensors, metadata } = state;
  const source: WeightSource = {
    name: 'state',
    tensors: new Map([...tensors].map(([name, { shape }]) => [name, { dtype: 'F32', shape }])),
    read: (name) => Promise.resolve(Float32Array.from(tensors.get(name)!.data)),
  };
  // The checkpoint comes last: whoever finds it finds its state too.
  const names = [...tensors.keys()];
  await writeSafetensorsFile(join(run.path, stateName(step)), source, { dtype: 'F32', names, metadata });
  await writeSafetensorsFile(checkpointPath(run, step), checkpoint.weights, checkpoint.layout);
  const steps = completeSteps(await readdir(run.path));
  for (const old of steps.slice(0, Math.max(0, steps.length - keep))) {
    await rm(checkpointPath(run, old), { force: true });
    await rm(join(run.path, stateName(old)), { force: true });
  }
}

export interface OpenedState extends SafetensorsFile {
  readonly close: () => Promise<void>;
}

export async function openState(run: RunFolder, step: number): Promise<OpenedState> {
  const bytes = await openFileSource(join(run.path, stateName(step)));
  try {
    return { ...(await openSafetensors(bytes)), close: () => bytes.close() };
  } catch (error) {
    await bytes.close();
    throw error;
  }
}

/** The record that a file of state has of its run. */
export function stateRecord(state: OpenedState): Readonly<Record<string, unknown>> {
  const text = state.metadata.get('training');
  if (text === undefined) throw new InputError(`${state.name}: expected "training" in its metadata`);
  return parseJsonObject(new TextEncoder().encode(text), `${state.name}: training`);
}

const logName = 'log.csv';

/** A table in the run's folder that grows by a line at a time; its first column is the step. */
export interface RunTable {
  add(...values: readonly (number | string)[]): Promise<void>;
}

/** @param last lines of later steps are taken away: they are of steps that are done again. */
export async function openRunTable(
  run: RunFolder,
  name: 'log.csv' | 'held-out.csv',
  columns: readonly string[],
  last: number,
): Promise<RunTable> {
  const path = join(run.path, name);
  const before = await readInput(path).then(
    (bytes) => new TextDecoder().decode(bytes).split('\n'),
    () => [],
  );
  const kept = before.slice(1).filter((line) => line !== '' && Number(line.split(',', 1)[0]) <= last);
  const lines = [columns.join(','), ...kept].map((line) => `${line}\n`);
  await writeAtomically(path, new TextEncoder().encode(lines.join('')));
  return {
    async add(...values) {
      await appendFile(path, `${values.join(',')}\n`).catch((error: unknown) => {
        throw cannotWrite(path, error);
      });
    },
  };
}
