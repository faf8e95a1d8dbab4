import { formatOf } from './file-format.js';
import type { NamedJson } from './huggingface.js';
import { isJsonObject } from './json.js';
import { openSafetensors } from './safetensors.js';
import type { ByteSource, WeightSource } from './source.js';
import { openTorchArchive } from './torch-archive.js';
import { openTorchLegacy } from './torch-legacy.js';

/** Weights of one file, and a configuration that came with them. */
export interface CheckpointFile {
  readonly weights: WeightSource;
  readonly config?: NamedJson;
}

/**
 * Opens a file of weights by its first bytes: safetensors, or what `torch.save` writes in either of its formats. The
 * configuration is the one in its metadata under `config` (safetensors), else `beside`.
 *
 * @throws InputError if the file is damaged or of another kind.
 */
export async function openCheckpointFile(bytes: ByteSource, beside?: NamedJson): Promise<CheckpointFile> {
  const format = await formatOf(bytes);
  if (format !== 'safetensors') {
    const open = format === 'archive' ? openTorchArchive : openTorchLegacy;
    return { weights: await open(bytes), ...(beside && { config: beside }) };
  }
  const file = await openSafetensors(bytes);
  const config = configInMetadata(file.metadata, bytes.name) ?? beside;
  return { weights: file, ...(config && { config }) };
}

/** Other programs write other things under the key `config`: only ours counts. */
function configInMetadata(metadata: ReadonlyMap<string, string>, fileName: string): NamedJson | undefined {
  const text = metadata.get('config');
  if (text === undefined) return undefined;
  try {
    const json: unknown = JSON.parse(text);
    if (isJsonObject(json) && 'config' in json) return { json, name: `${fileName}: __metadata__: config` };
  } catch {
    return undefined;
  }
  return undefined;
}
