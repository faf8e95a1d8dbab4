import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { InputError } from '../../base/errors.js';
import { cannotRead, isMissing } from '../files.js';
import { writeAtomically } from '../partial-file.js';
import { placesOf, weightsFolder, isWeightName } from './places.js';
import { userDataFolder } from '../user-data.js';

export const fileRecord = v.object({
  /** Below the folder of the weights, with slashes. */
  path: v.string(),
  bytes: v.number(),
  sha256: v.string(),
});

/** What was fetched or read to make them. */
export const originRecord = v.object({
  source: v.string(),
  bytes: v.number(),
  sha256: v.exactOptional(v.string()),
  /** Whether that hash was compared with one stated by the server, or known before. */
  checked: v.boolean(),
});

const weightsRecord = v.object({
  name: v.string(),
  dtype: v.picklist(['f32', 'f16', 'bf16']),
  tensors: v.number(),
  files: v.array(fileRecord),
  from: v.array(originRecord),
  licences: v.array(v.object({ what: v.string(), terms: v.string(), url: v.string() })),
  made: v.string(),
});

export type FileRecord = v.InferOutput<typeof fileRecord>;
/** What stands beside weights that are ready, `installed.json`. */
export type WeightsRecord = v.InferOutput<typeof weightsRecord>;

const RECORD = 'installed.json';

export async function writeRecord(folder: string, record: WeightsRecord): Promise<void> {
  await writeAtomically(join(folder, RECORD), Buffer.from(`${JSON.stringify(record, null, 2)}\n`));
}

export interface Installed {
  readonly folder: string;
  readonly record: WeightsRecord;
}

/**
 * Weights of this name, if there are such: each file is there, in its size. Their contents are for `verifyInstalled`.
 *
 * @throws InputError if they are damaged, with what to do.
 */
export async function findInstalled(name: string, home = userDataFolder()): Promise<Installed | undefined> {
  const { folder } = placesOf(name, home);
  const damaged = (why: string) => {
    return new InputError(`${folder}: ${why}: ${cureOf(name)}`);
  };
  const path = join(folder, RECORD);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw cannotRead(path, error);
  });
  if (text === undefined) {
    if (await exists(folder)) throw damaged(`there is no ${RECORD}`);
    return undefined;
  }
  const record = parseRecord(text);
  if (!record) throw damaged(`${RECORD} is damaged`);
  for (const { path: file, bytes } of record.files) {
    const size = await stat(join(folder, file)).then(
      ({ size }) => size,
      () => undefined,
    );
    if (size !== bytes) {
      throw damaged(
        `${file}: expected ${bytes} bytes, ${size === undefined ? 'it is missing' : `got ${size}`}`,
      );
    }
  }
  return { folder, record };
}

/** What to do about damaged weights. */
export function cureOf(name: string): string {
  return `float weights remove ${name}, then float weights get ${name}`;
}

function parseRecord(text: string): WeightsRecord | undefined {
  try {
    const result = v.safeParse(weightsRecord, JSON.parse(text));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}

/** All names under which something is kept, damaged or not, sorted. */
export async function installedNames(home = userDataFolder()): Promise<string[]> {
  const names = await readdir(weightsFolder(home)).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw cannotRead(weightsFolder(home), error);
  });
  return names.filter(isWeightName).sort();
}

export function bytesOf({ files }: WeightsRecord): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

export function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
