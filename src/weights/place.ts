import { InputError } from '../base/errors.js';
import { quote } from './json.js';
import { canonicalName, expectedTensors } from './manifest.js';
import { publishedConfig } from './published-config.js';
import type { WeightSource } from './source.js';

/**
 * Which file of a checkpoint a source is: FLOAT's own, or what Hugging Face's library saved: wav2vec2, or wav2vec2 with
 * the head that hears emotions.
 */
export type Origin = 'float' | 'wav2vec2' | 'emotion';

export interface Placed {
  readonly origin: Origin;
  /** FLOAT's name → the name in the file. */
  readonly names: ReadonlyMap<string, string>;
  /** Prefixes of other copies of these tensors, which do not count. */
  readonly copies: readonly string[];
}

const emotion = 'emotion_encoder.wav2vec2_for_emotion.';
const projection = 'audio_encoder.audio_projection.';

/** What a file may leave out at the beginning of FLOAT's names: whole checkpoints, and parts saved by themselves. */
const roots = [
  '',
  'motion_autoencoder.',
  'motion_autoencoder.enc.',
  'motion_autoencoder.dec.',
  'audio_encoder.',
  'audio_encoder.wav2vec2.',
  'emotion_encoder.',
  emotion,
  `${emotion}wav2vec2.`,
  'fmt.',
] as const;

/** Words that PyTorch's wrappers put anywhere into names: DataParallel, torch.compile, FSDP, activation checkpoints. */
const wrapperWords = new Set([
  'module',
  '_orig_mod',
  '_fsdp_wrapped_module',
  '_checkpoint_wrapped_module',
  '_forward_module',
]);

/** Numbers of layers are of no account: whether there are as many as there should be is checked later. */
const pattern = (name: string) => name.replace(/(?<![^.])\d+(?![^.])/g, '#');

/** The end of a name, numbers as # → what may stand before it to make it FLOAT's. */
let endings: ReadonlyMap<string, readonly string[]> | undefined;

function knownEndings(): ReadonlyMap<string, readonly string[]> {
  if (endings) return endings;
  // Every tensor that some wav2vec2 has.
  const any = { conv_bias: true, feat_extract_norm: 'layer' } as const;
  const { config, wav2vec2, emotion } = publishedConfig;
  const widest = { config, wav2vec2: { ...wav2vec2, ...any }, emotion: { ...emotion, ...any } };
  const known = new Map<string, string[]>();
  for (const name of expectedTensors(widest).keys()) {
    for (const root of roots) {
      if (!name.startsWith(root)) continue;
      const ending = pattern(name.slice(root.length));
      const list = known.get(ending) ?? [];
      if (!list.includes(root)) known.set(ending, [...list, root]);
    }
  }
  return (endings = known);
}

/** Whether a name could be FLOAT's own with other sizes: more layers, or a bias that this configuration has not. */
export function isLayerOfSomeModel(name: string): boolean {
  return knownEndings().get(pattern(name))?.includes('') ?? false;
}

interface Candidate {
  readonly stored: string;
  /** What is dropped from its beginning. */
  readonly prefix: string;
  /** What is left. */
  readonly rest: string;
  readonly roots: readonly string[];
}

/**
 * Finds FLOAT's name for each tensor of a file. Words of `wrapperWords` are dropped wherever they are. Of what is left,
 * as few words as possible are dropped from the beginning (`state_dict.`, `model.`, `ema.`) until it is one of FLOAT's
 * names, or the end of one that begins with one of `roots`: `blocks.0.attn.qkv.weight` is the transformer's. Where
 * several roots fit, as for the two wav2vec2, the one that fits most tensors of the file counts; else the emotion's if
 * the file's name speaks of emotion.
 *
 * Where tensors are there several times, a copy under `ema` counts (it is what models are run with), then the one
 * without prefix, then that of the first prefix.
 */
export function placeTensors(source: WeightSource): Placed {
  return getOrAdd(placements, source, () => findPlaces(source));
}

/** A checkpoint's names are asked for several times while it is opened, and there may be many. */
const placements = new WeakMap<WeightSource, Placed>();

function findPlaces(source: WeightSource): Placed {
  const candidates: Candidate[] = [];
  const unplaced = new Map<string, string[]>();
  for (const stored of source.tensors.keys()) {
    const words = canonicalName(stored)
      .split('.')
      .filter((word) => !wrapperWords.has(word));
    const candidate = candidateOf(stored, words);
    if (candidate) candidates.push(candidate);
    else getOrAdd(unplaced, words.slice(0, -2).join('.'), () => []).push(stored);
  }
  const placed = withRoots(candidates, source.name);
  return arrange([...placed, ...projections(unplaced, source, placed.length === 0)], source.name);
}

function candidateOf(stored: string, words: readonly string[]): Candidate | undefined {
  const known = knownEndings();
  let ending = pattern(words.join('.'));
  // More than ten words before FLOAT's are no prefix.
  for (let dropped = 0; dropped < Math.min(words.length, 10); dropped++) {
    const roots = known.get(ending);
    if (roots) {
      return { stored, prefix: words.slice(0, dropped).join('.'), rest: words.slice(dropped).join('.'), roots };
    }
    ending = ending.slice(ending.indexOf('.') + 1);
  }
  return undefined;
}

interface Place {
  readonly stored: string;
  readonly prefix: string;
  readonly root: string;
  readonly name: string;
}

function withRoots(candidates: readonly Candidate[], fileName: string): Place[] {
  const tallies = new Map<string, Map<string, number>>();
  for (const { prefix, roots } of candidates) {
    const tally = getOrAdd(tallies, prefix, () => new Map<string, number>());
    for (const root of roots) tally.set(root, (tally.get(root) ?? 0) + 1);
  }
  return candidates.map(({ stored, prefix, rest, roots }) => {
    const tally = tallies.get(prefix)!;
    const most = Math.max(...roots.map((root) => tally.get(root)!));
    const best = roots.filter((root) => tally.get(root) === most);
    const saysEmotion = /emotion/i.test(`${lastNames(fileName)} ${prefix}`);
    const root = (saysEmotion && best.find((root) => root.startsWith('emotion_encoder.'))) || best[0]!;
    return { stored, prefix, root, name: root + rest };
  });
}

/** The file's and its folder's: folders further up say nothing about it. */
const lastNames = (path: string) => path.split(/[\\/]/).slice(-2).join('/');

/**
 * The audio projection saved by itself is `0.weight`, `0.bias`, `1.weight` and `1.bias`, which could be anything: it is
 * taken for that if a linear layer and a norm have these shapes, and it is alone in its file or its prefix speaks of a
 * projection.
 */
function projections(unplaced: ReadonlyMap<string, string[]>, source: WeightSource, alone: boolean): Place[] {
  return [...unplaced].flatMap(([prefix, list]) => {
    const told = /proj/i.test(prefix) || (alone && unplaced.size === 1);
    if (!told || list.length !== 4) return [];
    const named = new Map(list.map((stored) => [stored.split('.').slice(-2).join('.'), stored]));
    const shapeOf = (name: string) => source.tensors.get(named.get(name) ?? '')?.shape ?? [];
    const [rows, columns, ...more] = shapeOf('0.weight');
    const vectors = ['0.bias', '1.weight', '1.bias'].map(shapeOf);
    const fits = columns !== undefined && more.length === 0;
    const isNorm = vectors.every((shape) => shape.length === 1 && shape[0] === rows);
    if (named.size !== 4 || !fits || !isNorm) return [];
    return [...named].map(([name, stored]) => ({ stored, prefix, root: projection, name: projection + name }));
  });
}

function arrange(placed: readonly Place[], fileName: string): Placed {
  const prefixes = [...new Set(placed.map(({ prefix }) => prefix))];
  const rank = (prefix: string, order: number) =>
    /(^|[._])ema([._]|$)/i.test(prefix) ? -2 : prefix === '' ? -1 : order;
  const ranks = new Map(prefixes.map((prefix, order) => [prefix, rank(prefix, order)]));
  const names = new Map<string, string>();
  const owners = new Map<string, Place>();
  const copies = new Set<string>();
  for (const place of placed) {
    const other = owners.get(place.name);
    if (other?.prefix === place.prefix) {
      const both = `${quote(other.stored)} and ${quote(place.stored)}`;
      throw new InputError(`${fileName}: ${both} are the same tensor`);
    }
    const better = !other || ranks.get(place.prefix)! < ranks.get(other.prefix)!;
    if (other) copies.add(better ? other.prefix : place.prefix);
    if (!better) continue;
    owners.set(place.name, place);
    names.set(place.name, place.stored);
  }
  return { origin: originOf(placed), names, copies: [...copies] };
}

function originOf(placed: readonly Place[]): Origin {
  const all = (...roots: readonly string[]) =>
    placed.length > 0 &&
    placed.every(({ root, name }) => roots.includes(root) && !name.startsWith(projection));
  if (all('audio_encoder.', 'audio_encoder.wav2vec2.')) return 'wav2vec2';
  return all(emotion, `${emotion}wav2vec2.`) ? 'emotion' : 'float';
}

function getOrAdd<K, V>(map: Pick<Map<K, V>, 'get'> & { set(key: K, value: V): unknown }, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
