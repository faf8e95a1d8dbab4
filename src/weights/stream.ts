import { fromFloat32, type FloatType } from './encode.js';
import { quote } from './json.js';
import type { LoadedWeights } from './load.js';
import { expectedTensors } from './manifest.js';
import { safetensorsHeader } from './safetensors.js';
import { tensorInfo, type WeightSource } from './source.js';

export interface StreamOptions {
  readonly dtype: FloatType;
  /** Which tensors, in which order. */
  readonly names: readonly string[];
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface SafetensorsStream {
  /** Bytes of the whole file. */
  readonly size: number;
  /** Its header, then each tensor. */
  readonly chunks: AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined>;
}

/**
 * Weights as a safetensors file that is made while it is written, so that the memory needed is a few of the largest
 * tensor.
 *
 * @throws InputError if the source cannot be read or holds what `dtype` cannot.
 */
export function streamSafetensors(source: WeightSource, options: StreamOptions): SafetensorsStream {
  const { dtype, names, metadata = {} } = options;
  const infos = names.map((name) => [name, { dtype, shape: tensorInfo(source, name).shape }] as const);
  const { header, size } = safetensorsHeader(infos, metadata);
  async function* chunks() {
    yield header;
    for (const name of names) {
      yield fromFloat32(await source.read(name), dtype, `${source.name}: tensor ${quote(name)}`);
    }
  }
  return { size, chunks: chunks() };
}

/** A whole checkpoint in one file, its configuration in the metadata, where `loadWeights` finds it. */
export function checkpointLayout({ model, weights }: Pick<LoadedWeights, 'model' | 'weights'>, dtype: FloatType): StreamOptions {
  const names = [...expectedTensors(model).keys()].filter((name) => weights.tensors.has(name));
  return { dtype, names, metadata: { format: 'pt', config: JSON.stringify(model) } };
}

/** The type that loses nothing: the one in which all the weights are, or F32. */
export function narrowestType({ tensors }: WeightSource): FloatType {
  const types = new Set([...tensors.values()].map(({ dtype }) => dtype));
  const [only] = types;
  return types.size === 1 && (only === 'F16' || only === 'BF16') ? only : 'F32';
}
