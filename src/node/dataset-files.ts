import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../base/errors.js';
import { writeSafetensors, openSafetensors, type TensorData } from '../weights/safetensors.js';
import { parseJsonObject } from '../weights/json.js';
import { memorySource } from '../weights/source.js';
import {
  manifestName,
  openMotionDataset,
  parseManifest,
  type ClipRecord,
  type DatasetManifest,
  type MotionDataset,
} from '../train/dataset.js';
import { isMissing, readInput } from './files.js';
import { sha256 } from './hash.js';
import { writeAtomically } from './partial-file.js';

/** @throws InputError when the folder is no data set, or an unfinished one. */
export async function readManifest(folder: string): Promise<DatasetManifest> {
  const found = await findManifest(folder);
  if (found) return found;
  throw new InputError(
    `${folder}: expected a data set, with ${manifestName} (\`float prepare\` writes it last: was it interrupted?)`,
  );
}

/** The same; undefined where no manifest lies, or no folder. */
export async function findManifest(folder: string): Promise<DatasetManifest | undefined> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (isMissing(error)) return [] as string[];
    if (error.code === 'ENOTDIR') throw new InputError(`${folder}: expected a folder, got a file`);
    throw error;
  });
  if (!names.includes(manifestName)) return undefined;
  const path = join(folder, manifestName);
  return parseManifest(parseJsonObject(await readInput(path), path), path);
}

/** A data set that `float prepare` has written. Each clip is compared with its hash when it is first read. */
export async function openDataset(folder: string): Promise<MotionDataset> {
  const manifest = await readManifest(folder);
  const hashes = new Map(manifest.clips.map(({ file, sha256 }) => [file, sha256]));
  return openMotionDataset(folder, manifest, async (file) => {
    const path = join(folder, file);
    const bytes = await readInput(path);
    if (sha256(bytes) !== hashes.get(file)) {
      throw new InputError(`${path}: its hash is not the one in ${manifestName}: changed, or damaged`);
    }
    return openSafetensors(memorySource(path, bytes));
  });
}

/** What a clip's file says of itself beside its tensors. */
export type ClipNote = Omit<ClipRecord, 'file' | 'sha256'>;

/**
 * @param settings all that decides what is in it: a clip of other settings is not taken for this one.
 * @throws InputError when it cannot be written.
 */
export async function writeClip(
  folder: string,
  file: string,
  tensors: Readonly<Record<string, TensorData>>,
  note: ClipNote,
  settings: string,
): Promise<ClipRecord> {
  const bytes = writeSafetensors(tensors, { clip: JSON.stringify(note), settings });
  await writeAtomically(join(folder, file), bytes);
  return { file, sha256: sha256(bytes), ...note };
}

/** A clip that an earlier run has finished with the same settings. */
export async function findClip(
  folder: string,
  file: string,
  settings: string,
): Promise<ClipRecord | undefined> {
  try {
    const path = join(folder, file);
    const bytes = await readInput(path);
    const { metadata } = await openSafetensors(memorySource(path, bytes));
    if (metadata.get('settings') !== settings) return undefined;
    return { file, sha256: sha256(bytes), ...(JSON.parse(metadata.get('clip') ?? '') as ClipNote) };
  } catch (error) {
    // Missing, or not a whole clip: it is made again.
    if (error instanceof InputError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export async function writeManifest(folder: string, manifest: DatasetManifest): Promise<void> {
  const text = `${JSON.stringify(manifest, undefined, 1)}\n`;
  await writeAtomically(join(folder, manifestName), new TextEncoder().encode(text));
}
