import { InputError } from '../base/errors.js';
import { isJsonObject, quote } from './json.js';
import { elementCount, formatShape, tensorInfo, type TensorInfo, type WeightSource } from './source.js';

/** Uniform values in shift ± scale. */
interface Distribution {
  readonly scale: number;
  readonly shift: number;
}

/** What `weights.json` calls the rule. */
export const generator = 'fnv1a32-fmix32-uniform';

/**
 * Weights made from nothing but names: each tensor is uniform noise seeded by its own name, so that anybody can
 * reproduce a checkpoint of the right shape without the licensed one. The rule is in `golden/README.md`.
 *
 * @param json `{generator, tensors: {name: {shape, scale, shift}}}`, as in `golden/tiny/weights.json`.
 * @throws InputError naming the first field at fault.
 */
export function syntheticWeights(json: unknown, fileName: string): WeightSource {
  if (!isJsonObject(json) || json.generator !== generator) {
    throw new InputError(`${fileName}: generator: expected ${quote(generator)}`);
  }
  if (!isJsonObject(json.tensors)) {
    throw new InputError(`${fileName}: tensors: expected an object of {shape, scale, shift}`);
  }
  const tensors = new Map<string, TensorInfo & Distribution>();
  for (const [name, entry] of Object.entries(json.tensors)) {
    tensors.set(name, parseEntry(entry, `${fileName}: tensors: ${quote(name)}`));
  }
  const source: WeightSource = {
    name: fileName,
    tensors,
    // eslint-disable-next-line @typescript-eslint/require-await -- errors must be rejections, as from a file
    async read(name) {
      const { shape } = tensorInfo(source, name);
      const values = new Float32Array(elementCount(shape));
      fillUniform(values, fnv1a32(name), tensors.get(name)!);
      return values;
    },
  };
  return source;
}

/** More elements than any tensor of any checkpoint; a file that asks for more is broken. */
const maxElements = 2 ** 28;

function parseEntry(entry: unknown, what: string): TensorInfo & Distribution {
  if (!isJsonObject(entry)) throw new InputError(`${what}: expected {shape, scale, shift}`);
  const { shape, scale, shift } = entry;
  const isSize = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;
  if (!Array.isArray(shape) || shape.length > 16 || !shape.every(isSize)) {
    throw new InputError(`${what}: shape: expected at most 16 non-negative integers`);
  }
  if (!(elementCount(shape) <= maxElements)) {
    throw new InputError(`${what}: shape ${formatShape(shape)}: expected at most ${maxElements} elements`);
  }
  if (typeof scale !== 'number' || typeof shift !== 'number') {
    throw new InputError(`${what}: expected numbers for scale and shift`);
  }
  return { dtype: 'F32', shape, scale, shift };
}

/** FNV-1a, 32 bits, of the UTF-8 bytes: h = (h ⊕ byte) · 0x01000193 mod 2³². */
export function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/**
 * Element i = scale · u + shift, each operation rounded to float32. u in [−1, 1) is 24 bits of the murmur3 finaliser of
 * seed + i · 0x9E3779B9. The product of two float32 is exact in float64 and the sum is rounded innocuously, so
 * `Math.fround` gives what float32 arithmetic gives.
 */
function fillUniform(values: Float32Array, seed: number, distribution: Distribution): void {
  const scale = Math.fround(distribution.scale);
  const shift = Math.fround(distribution.shift);
  let counter = seed | 0;
  for (let i = 0; i < values.length; i++) {
    let x = counter;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    x ^= x >>> 16;
    const u = (x >>> 8) * 2 ** -23 - 1;
    values[i] = Math.fround(scale * u) + shift;
    counter = (counter + 0x9e3779b9) | 0;
  }
}
