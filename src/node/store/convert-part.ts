import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { InputError } from '../../base/errors.js';
import type { FloatType } from '../../weights/encode.js';
import type { CheckpointFile } from '../../weights/formats.js';
import { finite } from '../../weights/finite.js';
import { quote } from '../../weights/json.js';
import { placeTensors } from '../../weights/place.js';
import { streamSafetensors } from '../../weights/stream.js';
import { sha256 } from '../hash.js';
import { makeFolders } from '../make-folders.js';
import { writeAtomically } from '../partial-file.js';
import { writeSafetensorsFile } from '../safetensors-file.js';
import type { FileRecord } from './record.js';
import { checkSpace } from './space.js';

export interface ConvertOptions {
  readonly dtype: FloatType;
  readonly signal?: AbortSignal | undefined;
  readonly onBytes?: ((done: number, total: number) => void) | undefined;
}

/**
 * Writes one file of a checkpoint as safetensors, as `float convert` does: tensors that have a place in FLOAT, under the
 * names they came with, every value finite; its configuration, if one came with it, as `.json` of its name beside it.
 *
 * @param path below `folder`, with slashes.
 * @returns what was written.
 * @throws InputError if there is nothing of FLOAT in it, it cannot be read, or the disk has no room for it.
 */
export async function convertPart(
  { weights, config }: CheckpointFile,
  folder: string,
  path: string,
  { dtype, signal, onBytes }: ConvertOptions,
): Promise<FileRecord[]> {
  const names = [...placeTensors(weights).names.values()];
  if (names.length === 0) throw new InputError(`${weights.name}: there is nothing of FLOAT in it`);
  const target = join(folder, path);
  await makeFolders(dirname(target));
  const options = { dtype, names, metadata: { format: 'pt' } };
  await checkSpace(folder, streamSafetensors(weights, options).size);
  const hash = createHash('sha256');
  const checked = {
    ...weights,
    read: async (name: string) => finite(await weights.read(name), `${weights.name}: tensor ${quote(name)}`),
  };
  const bytes = await writeSafetensorsFile(target, checked, {
    ...options,
    onChunk: (chunk) => hash.update(chunk),
    ...(onBytes && { onBytes }),
    ...(signal && { signal }),
  });
  const records = [{ path, bytes, sha256: hash.digest('hex') }];
  if (!config) return records;
  const json = Buffer.from(`${JSON.stringify(config.json, null, 1)}\n`);
  const beside = path.replace(/\.safetensors$/, '.json');
  await writeAtomically(join(folder, beside), json);
  return [...records, { path: beside, bytes: json.length, sha256: sha256(json) }];
}
