import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../base/errors.js';
import { parseJsonObject } from '../weights/json.js';
import { openSafetensors } from '../weights/safetensors.js';
import { memorySource } from '../weights/source.js';
import type { GoldenFiles } from '../verify/golden-set.js';
import { readInput } from './files.js';
import { readPng } from './png.js';
import { readWav } from './wav.js';

/**
 * The golden set in a folder.
 *
 * @throws InputError when there is no such folder.
 */
export async function openGoldenFolder(folder: string): Promise<GoldenFiles> {
  const exists = async (path: string) => (await stat(path).catch(() => undefined)) !== undefined;
  if (!(await exists(folder))) throw new InputError(`${folder}: no such folder; expected a golden set`);
  const ifPresent =
    <T>(read: (path: string) => Promise<T>) =>
    async (file: string): Promise<T | undefined> => {
      const path = join(folder, file);
      return (await exists(path)) ? read(path) : undefined;
    };
  return {
    name: folder,
    json: ifPresent(async (path) => parseJsonObject(await readInput(path), path)),
    tensors: ifPresent(async (path) => openSafetensors(memorySource(path, await readInput(path)))),
    picture: ifPresent(readPng),
    sound: ifPresent(readWav),
  };
}
