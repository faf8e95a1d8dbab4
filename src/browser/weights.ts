import { InputError } from '../base/errors.js';
import { openCheckpointFile, type CheckpointFile } from '../weights/formats.js';
import { originOf, type NamedJson, type Origin } from '../weights/huggingface.js';
import { isJsonObject, parseJsonObject, type JsonObject } from '../weights/json.js';
import { joinCheckpoint, loadWeights, type LoadedWeights } from '../weights/load.js';
import { blobSource, memorySource } from '../weights/source.js';
import { fetchBytes, type FetchOptions } from './fetch-bytes.js';

/**
 * Weights at a URL, fetched once and then kept in memory. Their configuration is `config.json` beside them, where the server
 * has one; else the one in their metadata; else the published one.
 *
 * @throws InputError if they cannot be fetched or are wrong; the signal's reason when it is aborted.
 */
export async function openWeightsUrl(url: string | URL, options: FetchOptions = {}): Promise<LoadedWeights> {
  // A Request resolves a URL against the page or the worker's script, as `fetch` would.
  const whole = new Request(url).url;
  const configUrl = new URL('config.json', whole).href;
  const { signal } = options;
  const config = await fetchBytes(configUrl, { ...(signal && { signal }), optional: true });
  const bytes = await fetchBytes(whole, options);
  if (!bytes) throw new InputError(`${whole}: the server does not have it`);
  return loadWeights(memorySource(whole, bytes), {
    ...(config && { config: { json: parseJsonObject(config, configUrl), name: configUrl } }),
  });
}

/** Names of weights; others that lie in a model's directory are passed over. */
const WEIGHTS = /\.(safetensors|pth|pt|ckpt)$|^pytorch_model\.bin$/i;

const NETWORKS: Readonly<Record<Origin, string>> = {
  float: 'FLOAT',
  wav2vec2: 'wav2vec2',
  emotion: 'the emotion classifier',
};

/**
 * Weights in the user's files, read by slices as they are needed and never whole. The files may be given in any order and from any
 * directories: FLOAT's own (`float.pth` or safetensors), those of Hugging Face's two wav2vec2 if they are apart, and
 * configurations. Which is which is told by content, since Hugging Face calls all of them `model.safetensors` and `config.json`:
 * weights by the names of their tensors, configurations by their fields. Where a network of Hugging Face's is there twice, as
 * `model.safetensors` and `pytorch_model.bin`, the former counts. All other files are passed over.
 *
 * @throws InputError if no weights are among them, or they do not make one complete model.
 */
export async function openWeightsFiles(files: readonly File[]): Promise<LoadedWeights> {
  const configs = await readConfigs(files);
  const opened = await Promise.all(weightsAmong(files).map((file) => openFile(file)));
  const checkpoint = opened
    .filter(
      ({ origin, legacy }) => !(legacy && opened.some((other) => other.origin === origin && !other.legacy)),
    )
    .map(({ file, origin }): CheckpointFile => {
      const config = file.config ?? configs.get(origin);
      return { weights: file.weights, ...(config && { config }) };
    });
  return joinCheckpoint(checkpoint);
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

async function openFile(file: File): Promise<{ file: CheckpointFile; origin: Origin; legacy: boolean }> {
  const opened = await openCheckpointFile(blobSource(nameOf(file), file));
  return { file: opened, origin: originOf(opened.weights), legacy: /^pytorch_model\.bin$/i.test(file.name) };
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

/** Whose configuration it is: ours has a field `config`; Hugging Face's name their sizes, and classifiers their labels. */
function configOrigin(json: JsonObject): Origin | undefined {
  if (isJsonObject(json.config)) return 'float';
  if (!('hidden_size' in json || 'architectures' in json)) return undefined;
  const architectures = Array.isArray(json.architectures) ? json.architectures.join(' ') : '';
  return 'id2label' in json || /Classification/.test(architectures) ? 'emotion' : 'wav2vec2';
}
