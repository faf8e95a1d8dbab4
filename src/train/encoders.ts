import type { WeightSource } from '../weights/source.js';

/** The networks that make audio features and motion latents: what a transformer understands depends on them. */
const isEncoder = (name: string) =>
  name.startsWith('audio_encoder.wav2vec2.') || name === 'motion_autoencoder.dec.direction.weight';

/**
 * By what they are known: a hash of their weights. Data made with one is useless to a transformer beside another.
 *
 * @param hash of bytes, as text.
 */
export async function encodersOf(
  weights: WeightSource,
  hash: (bytes: Uint8Array) => string,
): Promise<string> {
  const parts: string[] = [];
  for (const name of [...weights.tensors.keys()].filter(isEncoder).sort()) {
    const values = await weights.read(name);
    parts.push(`${name} ${hash(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))}`);
  }
  return hash(new TextEncoder().encode(parts.join('\n')));
}
