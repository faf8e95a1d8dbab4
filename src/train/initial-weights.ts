import { openRandom } from '../cartoon/random.js';
import { InputError } from '../base/errors.js';
import type { ModelConfig } from '../weights/config.js';
import { expectedTensors } from '../weights/manifest.js';
import type { WeightSource } from '../weights/source.js';
import { elementCount } from '../weights/source.js';

/** `pos_embed` is a fixed table; everything else of the transformer learns, and so does `audio_projection`. */
export const isTrained = (name: string) =>
  (name.startsWith('fmt.') && name !== 'fmt.pos_embed') || name.startsWith('audio_encoder.audio_projection.');

/**
 * A checkpoint whose transformer has learnt nothing yet, as DiT begins: Xavier-uniform matrices, biases 0, the MLP of
 * time N(0, 0.02), and **zero** modulation and output layers, so that each block is the identity.
 *
 * @param base all other parts.
 * @param model its configuration, with the sizes of the transformer that is to be trained.
 */
export function initialWeights(base: WeightSource, model: ModelConfig, seed: number): WeightSource {
  const shapes = expectedTensors(model);
  const own = [...shapes].filter(([name]) => isTrained(name) || name === 'fmt.pos_embed');
  const streams = new Map(own.map(([name], stream) => [name, stream]));
  const values = new Map(
    own.map(([name, shape]) => [name, () => initial(name, shape, seed, streams.get(name)!)]),
  );
  return overlay(base, shapes, values);
}

/**
 * A checkpoint with some tensors replaced.
 *
 * @param shapes of all that it shall have; what `base` lacks and nobody gives is left out.
 */
export function overlay(
  base: WeightSource,
  shapes: ReadonlyMap<string, readonly number[]>,
  values: ReadonlyMap<string, () => Float32Array<ArrayBuffer>>,
): WeightSource {
  const names = [...shapes].filter(([name]) => values.has(name) || base.tensors.has(name));
  return {
    name: base.name,
    tensors: new Map(names.map(([name, shape]) => [name, { dtype: 'F32', shape }])),
    async read(name) {
      if (!shapes.has(name)) throw new InputError(`${base.name}: there is no tensor "${name}"`);
      return values.get(name)?.() ?? base.read(name);
    },
  };
}

function initial(
  name: string,
  shape: readonly number[],
  seed: number,
  stream: number,
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(elementCount(shape));
  if (name === 'fmt.pos_embed') return positions(values, shape.at(-1) ?? 1);
  if (name === 'audio_encoder.audio_projection.1.weight') return values.fill(1);
  if (name.endsWith('.bias') || /\.adaLN_modulation\.|^fmt\.decoder\.linear\./.test(name)) return values;
  const random = openRandom(seed, stream);
  if (name.startsWith('fmt.t_embedder.')) return values.map(() => 0.02 * random.normal());
  const [outputs = 1, inputs = 1] = shape;
  const bound = Math.sqrt(6 / (inputs + outputs));
  return values.map(() => random.uniform(-bound, bound));
}

/** Row n is [sin(n·f₀) … sin(n·f_{h/2−1}), cos(n·f₀) …], fᵢ = 10000^(−2i/h). */
function positions(values: Float32Array<ArrayBuffer>, width: number): Float32Array<ArrayBuffer> {
  const half = width / 2;
  return values.map((_, at) => {
    const [n, i] = [Math.floor(at / width), at % width];
    const phase = n / 10000 ** ((i % half) / half);
    return i < half ? Math.sin(phase) : Math.cos(phase);
  });
}
