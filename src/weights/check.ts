import { InputError } from '../base/errors.js';
import type { ModelConfig } from './config.js';
import { weightDTypes } from './dtype.js';
import { quote } from './json.js';
import { canonicalName, expectedTensors, isUnused, modelParts, partOf, type ModelPart } from './manifest.js';
import { missingInWords, type Instead } from './missing.js';
import { isLayerOfSomeModel } from './place.js';
import { formatShape, tensorInfo, type TensorInfo, type WeightSource } from './source.js';

/**
 * Whether a name is known to occur in published checkpoints and to have no part in FLOAT: the heads and the
 * quantiser that wav2vec2 was trained with, and constants saved along with the weights (blur kernels, attention mask).
 */
export function isIgnorable(name: string): boolean {
  return (
    /(^|\.)(lm_head|quantizer|project_hid|project_q)\./.test(name) ||
    /(^|\.)(masked_spec_embed|alignment_mask)$/.test(name) ||
    /(^|\.)(enc|dec|net_app|convs)\..*\.kernel$/.test(name)
  );
}

/** What keeps a source from being a checkpoint of a model; in the order of the manifest, or of the source. */
export interface WeightFaults {
  /** Tensors that the parts asked for need. */
  readonly missing: readonly string[];
  /** Layers that the configuration does not have: it is one of another model. */
  readonly unexpected: readonly string[];
  readonly misshapen: readonly {
    readonly name: string;
    readonly expected: readonly number[];
    readonly got: readonly number[];
  }[];
  /** Tensors of the model in a kind that weights cannot have. */
  readonly unreadable: readonly { readonly name: string; readonly dtype: string }[];
}

/** Canonical name → the name in the source. Tensors with no place in any FLOAT are left out. */
function resolveNames(source: WeightSource): Map<string, string> {
  const names = new Map<string, string>();
  for (const name of source.tensors.keys()) {
    const canonical = canonicalName(name);
    if (!isLayerOfSomeModel(canonical)) continue;
    const other = names.get(canonical);
    if (other !== undefined) {
      throw new InputError(`${source.name}: ${quote(other)} and ${quote(name)} are the same tensor`);
    }
    names.set(canonical, name);
  }
  return names;
}

/** The tensors of a source that the model does without: whatever is not one of its layers, of whatever kind. */
export function leftOut(source: WeightSource): string[] {
  return [...source.tensors.keys()].filter((name) => !isLayerOfSomeModel(canonicalName(name)));
}

/**
 * Those of them that a model of another design may need: they stand among its layers and are not known to be of no
 * account.
 */
export function strangers(names: readonly string[]): string[] {
  return names.filter((name) => partOf(name) !== undefined && !isIgnorable(name));
}

/**
 * Compares names and shapes with what the configuration asks for. Tensors of other parts than `parts` may be absent,
 * but not misshapen.
 */
export function findFaults(
  source: WeightSource,
  model: ModelConfig,
  parts: readonly ModelPart[] = modelParts,
): WeightFaults {
  const expected = expectedTensors(model);
  const names = resolveNames(source);
  const missing: string[] = [];
  const misshapen: { name: string; expected: readonly number[]; got: readonly number[] }[] = [];
  const unreadable: { name: string; dtype: string }[] = [];
  const hasSpeech = [...names.keys()].some((name) => name.startsWith('audio_encoder.wav2vec2.'));
  for (const [name, shape] of expected) {
    const stored = names.get(name);
    if (stored === undefined) {
      if (!isUnused(name) && parts.includes(partOf(name)!)) missing.push(name);
      continue;
    }
    const { shape: got, dtype } = tensorInfo(source, stored);
    if (name === widthOfSpeech && !hasSpeech) continue;
    if (formatShape(got) !== formatShape(shape)) misshapen.push({ name, expected: shape, got });
    else if (!weightDTypes.includes(dtype)) unreadable.push({ name, dtype });
  }
  const unexpected = [...names].filter(([name]) => !expected.has(name)).map(([, stored]) => stored);
  return { missing, unexpected, misshapen, unreadable };
}

/** As wide as the wav2vec2 before it: without that nobody knows how wide. */
const widthOfSpeech = 'audio_encoder.audio_projection.0.weight';

/** The parts of the model that a source has whole, every tensor in its shape. */
export function completeParts(source: WeightSource, model: ModelConfig): ModelPart[] {
  const { missing, misshapen, unreadable } = findFaults(source, model);
  const broken = new Set([...missing, ...[...misshapen, ...unreadable].map(({ name }) => name)].map(partOf));
  return modelParts.filter((part) => !broken.has(part));
}

export interface CheckOptions {
  readonly parts?: readonly ModelPart[];
  /** Said where sizes do not fit: where they are from. */
  readonly sizesFrom?: string;
  /** Said where a part is missing. */
  readonly instead?: Instead;
}

/**
 * The same weights under their canonical names, once every tensor of `parts` is known to be there, in the shape that
 * the configuration asks for, and no further layer. Tensors that no FLOAT has are left out.
 *
 * @throws InputError saying in words which part of the checkpoint is missing, or counting the missing, unexpected and
 *   misshapen tensors and naming the first of each.
 */
export function checkWeights(
  source: WeightSource,
  model: ModelConfig,
  options: CheckOptions = {},
): WeightSource {
  const faults = findFaults(source, model, options.parts);
  const { words, rest } = missingInWords(faults.missing, source, model, options.instead);
  const where = (name: string) => {
    const whence = source.whence?.(name);
    return whence ? ` in ${whence.file}` : '';
  };
  const misshapen = faults.misshapen.map(
    ({ name, expected, got }) =>
      `${quote(name)}${where(name)} (expected ${formatShape(expected)}, got ${formatShape(got)})`,
  );
  const unreadable = faults.unreadable.map(
    ({ name, dtype }) => `${quote(name)}${where(name)} has dtype ${dtype}`,
  );
  // Where something is missing, what has no place may be that under another name.
  const unknown = leftOut(source).filter((name) => !isIgnorable(name));
  const groups = [
    summary('missing', rest.map(quote)),
    summary('unexpected', [...faults.unexpected, ...(rest.length > 0 ? unknown : [])].map(quote)),
    summary('misshapen', misshapen),
  ].filter((group) => group !== '');
  if (groups.length > 0) {
    const from = options.sizesFrom === undefined ? '' : ` (${options.sizesFrom})`;
    words.push(`the weights do not fit the configuration${from}: ${groups.join('; ')}`);
  }
  if (unreadable.length > 0) {
    words.push(`expected weights in F32, F16 or BF16, but ${unreadable.slice(0, shownNames).join(', ')}`);
  }
  if (words.length > 0) throw new InputError(`${source.name}: ${words.join('; ')}`);
  return renamed(source, resolveNames(source));
}

const shownNames = 3;

function summary(kind: string, items: readonly string[]): string {
  if (items.length === 0) return '';
  const rest = items.length > shownNames ? ', …' : '';
  const noun = items.length === 1 ? 'tensor' : 'tensors';
  return `${items.length} ${kind} ${noun}: ${items.slice(0, shownNames).join(', ')}${rest}`;
}

function renamed(source: WeightSource, names: ReadonlyMap<string, string>): WeightSource {
  const tensors = new Map<string, TensorInfo>();
  for (const [name, stored] of names) tensors.set(name, tensorInfo(source, stored));
  return {
    name: source.name,
    tensors,
    read: (name) => source.read(names.get(name) ?? name),
  };
}
