import { InputError } from '../base/errors.js';
import { installed, removeWeights, unfinishedNames } from '../node/store/manage.js';
import { DEMO, weightsFolder } from '../node/store/places.js';
import { bytesOf, installedNames, type Installed } from '../node/store/record.js';
import { megabytes } from '../node/store/space.js';
import { demoWeights } from './options.js';
import { printJson, printLines } from './print.js';
import { byteStatus, createProgress } from './progress.js';

export interface QuietFlags {
  quiet?: boolean;
}

export interface ListFlags {
  json?: boolean;
}

interface Listed {
  readonly name: string;
  readonly path: string;
  readonly state: 'ready' | 'ships' | 'damaged' | 'unfinished';
  readonly bytes?: number;
  readonly dtype?: string;
  readonly from?: readonly string[];
  readonly licences?: readonly string[];
  readonly why?: string;
}

/** Prints what there is: what ships, what is ready, what is damaged, and what is unfinished. */
export async function runList({ json }: ListFlags): Promise<void> {
  const listed: Listed[] = [{ name: DEMO, path: demoWeights, state: 'ships' }];
  for (const name of await installedNames()) listed.push(await listedOf(name));
  for (const [name, bytes] of await unfinishedNames()) {
    listed.push({ name, path: weightsFolder(), state: 'unfinished', bytes });
  }
  if (json) return printJson(listed, 1);
  printLines(listed.map(lineOf));
}

async function listedOf(name: string): Promise<Listed> {
  const path = `${weightsFolder()}/${name}`;
  try {
    const { record, folder } = await installed(name);
    const { dtype, from, licences } = record;
    return {
      name,
      path: folder,
      state: 'ready',
      bytes: bytesOf(record),
      dtype,
      from: from.map(({ source }) => source),
      licences: licences.map(({ what, terms }) => `${what}: ${terms}`),
    };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { name, path, state: 'damaged', why: error.message };
  }
}

function lineOf({ name, path, state, bytes = 0, dtype, why }: Listed): string {
  if (state === 'ships') return `${name}  the model that ships, for drawings  ${path}`;
  if (state === 'damaged') return `${name}  damaged: ${why}`;
  if (state === 'unfinished')
    return `${name}  unfinished, ${megabytes(bytes)}: float weights get goes on with it`;
  return `${name}  ${dtype}, ${megabytes(bytes)}  ${path}`;
}

export async function runVerify(
  name: string,
  { quiet = false }: QuietFlags,
  signal: AbortSignal,
): Promise<void> {
  const { verifyInstalled } = await import('../node/store/verify.js');
  const progress = createProgress(quiet);
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  try {
    const onBytes = (done: number, total: number) => progress.status(...byteStatus(done, total, seconds()));
    const found = await verifyInstalled(name, { signal, onBytes });
    progress.end();
    progress.note(`${summary(found)}: every byte is as it was`);
  } finally {
    progress.end();
  }
}

export async function runRemove(name: string, { quiet = false }: QuietFlags): Promise<void> {
  const bytes = await removeWeights(name);
  createProgress(quiet).note(`${name}: ${megabytes(bytes)} removed`);
}

/** @throws InputError if there are none of this name. */
export async function runPath(name?: string): Promise<void> {
  if (name === undefined) return printLines([weightsFolder()]);
  printLines([name === DEMO ? demoWeights : (await installed(name)).folder]);
}

/** What there is to say of weights that are ready. */
export function summary({ record }: Installed): string {
  const { name, tensors, dtype, from } = record;
  const unchecked = from.some(({ sha256, checked }) => sha256 !== undefined && !checked);
  const hash = unchecked ? '; nobody states a hash to compare with' : '';
  return `${name}: ${tensors} tensors, ${megabytes(bytesOf(record))}, ${dtype}${hash}`;
}
