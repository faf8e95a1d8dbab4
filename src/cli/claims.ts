import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { InputError } from '../base/errors.js';
import {
  descriptorStats,
  destinationOf,
  idOf,
  isShared,
  STDOUT,
  type Destination,
} from '../node/destination.js';
import { isFrameName } from '../node/frames.js';
import { isMadeByFloat } from '../node/made-by.js';

type Path = string | undefined;

/** What a command reads and writes, by option; what was not given is undefined. */
export interface Claims {
  /** `-` is standard input. */
  readonly inputs?: Readonly<Record<string, Path>>;
  /** Files, or folders with all that lies in them. */
  readonly weights: Readonly<Record<string, Path | readonly string[]>>;
  /** With the endings that say what is written. `-` is standard output. */
  readonly outputs: Readonly<Record<string, readonly [path: Path, ...endings: string[]]>>;
  /** Where frames are written; it exists. */
  readonly framesDir?: Path;
  /** Whether nothing but errors goes to standard error. */
  readonly quiet?: boolean | undefined;
  /** Whether a result goes to standard output. */
  readonly json?: boolean | undefined;
}

/** The path that stands for an output option's value. */
export function outputPath(value: string): string {
  return value === '-' ? STDOUT : value;
}

/** An output with the option that asks for it, as messages name it. */
interface Claimed {
  readonly name: string;
  readonly destination: Destination;
}

/**
 * Refuses a command that would write over what it reads, or two outputs to one place, before it does anything: whatever
 * the link, spelling or descriptor that leads there, a file is known by device and inode, or by its folder's and its
 * name.
 *
 * @throws InputError naming both options.
 */
export async function checkClaims(claims: Claims): Promise<void> {
  const claimed: Claimed[] = [];
  for (const [option, [value, ...endings]] of Object.entries(claims.outputs)) {
    if (value === undefined) continue;
    const destination = await destinationOf(outputPath(value));
    for (const name of [value, destination.path]) checkEnding(option, name, endings);
    const name = `${option} ${value}`;
    const other = sharing(claimed, destination.ids);
    if (other) throw new InputError(`${other.name} and ${name} are the same file`);
    claimed.push({ name, destination });
  }
  checkStandardStreams(claimed, claims);
  for (const [option, value] of Object.entries(claims.inputs ?? {})) {
    if (value === undefined) continue;
    checkInput(claimed, `${option} ${value}`, await idsOf([value]));
    if (claims.framesDir !== undefined) await checkFrames(claims.framesDir, `${option} ${value}`, value);
  }
  if (claimed.length === 0) return;
  for (const [option, value] of Object.entries(claims.weights)) {
    for (const path of value === undefined ? [] : [value].flat()) {
      for (const file of await weightFiles(path)) {
        const ids = await idsOf([file]);
        // In a folder, what an earlier run wrote under that name is made anew of the others.
        if (file !== path && sharing(claimed, ids) && (await isMadeByFloat(file))) continue;
        checkInput(claimed, `${option} ${path}`, ids);
      }
    }
  }
}

function sharing(claimed: readonly Claimed[], ids: readonly string[]): Claimed | undefined {
  return claimed.find(({ destination }) => destination.ids.some((id) => ids.includes(id)));
}

/** A name without an ending says nothing; another ending says another format than the one written. */
function checkEnding(option: string, name: string, endings: readonly string[]): void {
  const ending = extname(name);
  if (ending === '' || endings.includes(ending.toLowerCase())) return;
  throw new InputError(`${option}: expected a name that ends in ${endings.join(' or ')}, got ${name}`);
}

/** Messages and results that the shell sends to the very file or pipe that an output goes to. */
function checkStandardStreams(claimed: readonly Claimed[], { json, quiet }: Claims): void {
  const streamed = claimed.find(({ destination }) => destination.fd === 1);
  if (streamed && json) throw new InputError(`${streamed.name} and --json both write to standard output`);
  for (const [fd, name, harmless] of [
    [1, 'standard output', streamed !== undefined],
    [2, 'standard error', streamed !== undefined && quiet === true],
  ] as const) {
    const stats = descriptorStats(fd);
    const output = stats && isShared(stats) && !harmless ? sharing(claimed, [idOf(stats)]) : undefined;
    if (output) throw new InputError(`${output.name} and ${name} go to the same place`);
  }
}

function checkInput(claimed: readonly Claimed[], name: string, ids: readonly string[]): void {
  const output = sharing(claimed, ids);
  if (output) throw new InputError(`${output.name} would overwrite ${name}`);
}

/** An input under the name of a frame, in the folder of the frames. */
async function checkFrames(framesDir: string, name: string, path: string): Promise<void> {
  // What it leads to, and the link by which it is reached.
  for (const file of [await realpath(path).catch(() => undefined), path]) {
    if (file === undefined || !isFrameName(basename(file))) continue;
    const [folder, frames] = await Promise.all(
      [dirname(file), framesDir].map((folder) => stat(folder, { bigint: true }).catch(() => undefined)),
    );
    if (folder && frames && idOf(folder) === idOf(frames)) {
      throw new InputError(`--frames-dir ${framesDir} would overwrite ${name}`);
    }
  }
}

/** What is made of weights, not read with them, and may lie in their folder. */
const madeOfWeights = ['.mp4', '.m4v', '.png'];

/**
 * A checkpoint's file with the configurations that may lie beside it, or the files of a folder and of the folders in
 * it.
 */
async function weightFiles(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => undefined);
  if (!entries) {
    const stem = path.slice(0, path.length - extname(path).length);
    return [path, join(dirname(path), 'config.json'), `${stem}.json`];
  }
  const inner = entries.filter((entry) => !entry.isFile()).map(({ name }) => join(path, name));
  const names = await Promise.all(inner.map(namesIn));
  const all = [...entries.map(({ name }) => join(path, name)), ...names.flat()];
  return all.filter((file) => !madeOfWeights.includes(extname(file).toLowerCase()));
}

async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.map((name) => join(folder, name));
}

/** Of files and pipes that exist. */
async function idsOf(paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    paths.map(async (path) =>
      path === '-' ? descriptorStats(0) : stat(path, { bigint: true }).catch(() => undefined),
    ),
  );
  return found.flatMap((stats) => (stats?.isFile() || stats?.isFIFO() ? [idOf(stats)] : []));
}
