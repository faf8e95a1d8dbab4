import { InputError } from '../base/errors.js';
import { textKind } from '../weights/file-format.js';
import { openCheckpointFile, type CheckpointFile } from '../weights/formats.js';
import type { NamedJson } from '../weights/huggingface.js';
import { isJsonObject, parseJsonObject, type JsonObject } from '../weights/json.js';
import { joinCheckpoint, loadWeights, type LoadedWeights, type LoadOptions } from '../weights/load.js';
import { placeTensors, type Origin } from '../weights/place.js';
import { checkShards, joinShards, shardOf } from '../weights/shards.js';
import { blobSource, memorySource } from '../weights/source.js';
import { fetchBytes, type FetchOptions } from './fetch-bytes.js';

/**
 * Weights at a URL, fetched once and then kept in memory. Their configuration is `config.json` beside them, where the
 * server has one; else the one in their metadata; else the published one.
 *
 * @throws InputError if they cannot be fetched or are wrong; the signal's reason when it is aborted.
 */
export async function openWeightsUrl(url: string | URL, options: FetchOptions = {}): Promise<LoadedWeights> {
  // A Request resolves a URL against the page or the worker's script, as `fetch` would.
  const whole = new Request(url).url;
  const configUrl = new URL('config.json', whole).href;
  const { signal } = options;
  const beside = await fetchBytes(configUrl, { ...(signal && { signal }), optional: true });
  // Some servers have a page for every address.
  const isPage = beside && textKind(beside.subarray(0, 1024))?.startsWith('a web page');
  const config = isPage ? undefined : beside;
  const bytes = await fetchBytes(whole, options);
  if (!bytes) throw new InputError(`${whole}: the server does not have it`);
  return loadWeights(memorySource(whole, bytes), {
    ...(config && { config: { json: parseJsonObject(config, configUrl), name: configUrl } }),
  });
}

/** Names of weights; others that lie in a model's directory are passed over. */
const WEIGHTS = /\.(safetensors|pth|pt|ckpt)$|^pytorch_model(-\d{5}-of-\d{5})?\.bin$/i;

const NETWORKS: Readonly<Record<Origin, string>> = {
  float: 'FLOAT',
  wav2vec2: 'wav2vec2',
  emotion: 'the emotion classifier',
};

/**
 * Weights in the user's files, read by slices as they are needed and never whole. The files may be given in any order
 * and from any directories: FLOAT's own (`float.pth` or safetensors), those of Hugging Face's two wav2vec2 if they are
 * apart, and configurations. Which is which is told by content, since Hugging Face calls all of them
 * `model.safetensors` and `config.json`: weights by the names of their tensors, configurations by their fields. Where a
 * network of Hugging Face's is there twice, as `model.safetensors` and `pytorch_model.bin`, the former counts; shards
 * (`model-00001-of-00002.safetensors`) are put together. All other files are passed over.
 *
 * @param options the parts that must be there, all unless given: without `emotion_encoder` no emotion can be heard.
 * @throws InputError if no weights are among them, or they do not make one complete model.
 */
export async function openWeightsFiles(
  files: readonly File[],
  options: Pick<LoadOptions, 'parts'> = {},
): Promise<LoadedWeights> {
  const configs = await readConfigs(files);
  const opened = await Promise.all(inGroups(weightsAmong(files)).map((group) => openGroup(...group)));
  const checkpoint = opened
    .filter(
      ({ origin, legacy }) => !(legacy && opened.some((other) => other.origin === origin && !other.legacy)),
    )
    .map(({ file, origin }): CheckpointFile => {
      const config = file.config ?? configs.get(origin);
      return { weights: file.weights, ...(config && { config }) };
    });
  return joinCheckpoint(checkpoint, options);
}

/** A directory says more than a name, if the browser tells it. */
const nameOf = (file: File) => file.webkitRelativePath || file.name;

function weightsAmong(files: readonly File[]): readonly File[] {
  const [only] = files;
  if (only && files.length === 1) return [only];
  const found = files.filter(({ name }) => WEIGHTS.test(name));
  if (found.length > 0) return found;
  const names = only ? `${nameOf(only)} and ${files.length - 1} more` : 'no file';
  throw new InputError(`${names}: no weights, expected float.pth or .safetensors`);
}

/** Shards of one file together, under the name that it would have whole. */
function inGroups(files: readonly File[]): [name: string, files: readonly File[]][] {
  const groups = new Map<string, File[]>();
  files.forEach((file, i) => {
    const shard = shardOf(nameOf(file));
    // Two files may have one name, but shards of one name are the same file's.
    const key = shard ? shard.whole : `${nameOf(file)}\0${i}`;
    groups.set(key, [...(groups.get(key) ?? []), file]);
  });
  return [...groups].map(([key, list]) => [key.split('\0', 1)[0]!, list]);
}

async function openGroup(
  name: string,
  files: readonly File[],
): Promise<{ file: CheckpointFile; origin: Origin; legacy: boolean }> {
  const names = files.map(nameOf);
  if (names[0] !== name) checkShards(names);
  const opened = await Promise.all(files.map((file) => openCheckpointFile(blobSource(nameOf(file), file))));
  const [only] = opened;
  const file = only && opened.length === 1 ? only : joinShards(name, opened);
  const { origin } = placeTensors(file.weights);
  return { file, origin, legacy: /(^|\/)pytorch_model\.bin$/i.test(name) };
}

/** The configurations among the files, one a network. Tokenisers and the like come in JSON too. */
async function readConfigs(files: readonly File[]): Promise<ReadonlyMap<Origin, NamedJson>> {
  const configs = new Map<Origin, NamedJson>();
  for (const file of files.filter(({ name }) => /\.json$/i.test(name))) {
    const name = nameOf(file);
    const json = await file.arrayBuffer().then((bytes) => parseJsonObject(new Uint8Array(bytes), name));
    const origin = configOrigin(json);
    if (!origin) continue;
    const other = configs.get(origin);
    if (other)
      throw new InputError(`${other.name} and ${name} are both configurations of ${NETWORKS[origin]}`);
    configs.set(origin, { json, name });
  }
  return configs;
}

/**
 * Whose configuration it is: ours has a field `config`; Hugging Face's name their sizes, and classifiers their labels.
 */
function configOrigin(json: JsonObject): Origin | undefined {
  if (isJsonObject(json.config)) return 'float';
  if (!('hidden_size' in json || 'architectures' in json)) return undefined;
  const architectures = Array.isArray(json.architectures) ? json.architectures.join(' ') : '';
  return 'id2label' in json || /Classification/.test(architectures) ? 'emotion' : 'wav2vec2';
}
