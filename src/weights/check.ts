import { InputError } from '../base/errors.js';
import type { ModelConfig } from './config.js';
import { expectedTensors, isUnused, modelParts, partOf, type ModelPart } from './manifest.js';
import { quote } from './json.js';
import { formatShape, tensorInfo, type TensorInfo, type WeightSource } from './source.js';

/**
 * The one name this package uses for a tensor that checkpoints name in several ways. A weight-normalised convolution's
 * `parametrizations.weight.original0` and `original1` (newer PyTorch) are its `weight_g` and `weight_v`.
 */
export function canonicalName(name: string): string {
  return name
    .replace(/\.parametrizations\.weight\.original0$/, '.weight_g')
    .replace(/\.parametrizations\.weight\.original1$/, '.weight_v');
}

/**
 * Whether a name is known to occur in published checkpoints and to have no part in FLOAT: the heads and the
 * quantiser that wav2vec2 was trained with, and constants saved along with the weights (blur kernels, attention mask).
 */
export function isIgnorable(name: string): boolean {
  return (
    /^(audio_encoder|emotion_encoder)\..*\b(masked_spec_embed$|(lm_head|quantizer|project_hid|project_q)\.)/.test(
      name,
    ) ||
    /^motion_autoencoder\..*\.kernel$/.test(name) ||
    name === 'fmt.alignment_mask'
  );
}

/** What keeps a source from being a checkpoint of a model; in the order of the manifest, or of the source. */
export interface WeightFaults {
  /** Tensors that the parts asked for need. */
  readonly missing: readonly string[];
  /** Tensors that belong to no part of the model and are not known to be ignorable. */
  readonly unexpected: readonly string[];
  readonly misshapen: readonly {
    readonly name: string;
    readonly expected: readonly number[];
    readonly got: readonly number[];
  }[];
}

/** Canonical name → the name in the source. Ignorable tensors are left out. */
function resolveNames(source: WeightSource): Map<string, string> {
  const names = new Map<string, string>();
  for (const name of source.tensors.keys()) {
    if (isIgnorable(name)) continue;
    const canonical = canonicalName(name);
    const other = names.get(canonical);
    if (other !== undefined) {
      throw new InputError(`${source.name}: ${quote(other)} and ${quote(name)} are the same tensor`);
    }
    names.set(canonical, name);
  }
  return names;
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
  for (const [name, shape] of expected) {
    const stored = names.get(name);
    if (stored === undefined) {
      if (!isUnused(name) && parts.includes(partOf(name)!)) missing.push(name);
      continue;
    }
    const got = tensorInfo(source, stored).shape;
    if (formatShape(got) !== formatShape(shape)) misshapen.push({ name, expected: shape, got });
  }
  const unexpected = [...names].filter(([name]) => !expected.has(name)).map(([, stored]) => stored);
  return { missing, unexpected, misshapen };
}

/** The parts of the model that a source has whole, every tensor in its shape. */
export function completeParts(source: WeightSource, model: ModelConfig): ModelPart[] {
  const { missing, misshapen } = findFaults(source, model);
  const broken = new Set([...missing, ...misshapen.map(({ name }) => name)].map(partOf));
  return modelParts.filter((part) => !broken.has(part));
}

/**
 * The same weights under their canonical names, once every tensor of `parts` is known to be there, in the shape that
 * the configuration asks for, and no other.
 * @throws InputError counting the missing, unexpected and misshapen tensors and naming the first of each.
 */
export function checkWeights(
  source: WeightSource,
  model: ModelConfig,
  parts: readonly ModelPart[] = modelParts,
): WeightSource {
  const faults = findFaults(source, model, parts);
  const misshapen = faults.misshapen.map(
    ({ name, expected, got }) => `${quote(name)} (expected ${formatShape(expected)}, got ${formatShape(got)})`,
  );
  const groups = [
    summary('missing', faults.missing.map(quote)),
    summary('unexpected', faults.unexpected.map(quote)),
    summary('misshapen', misshapen),
  ].filter((group) => group !== '');
  if (groups.length > 0) {
    throw new InputError(`${source.name}: the weights do not fit the configuration: ${groups.join('; ')}`);
  }
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
