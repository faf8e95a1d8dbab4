import type { ConvLayer, ResBlock } from '../models/autoencoder/encoder.js';
import { recordConvLayer, recordResBlock } from '../models/autoencoder/encoder.js';
import { biasActivation } from '../ops/finish.js';
import { joinColumns } from '../ops/join-columns.js';
import { linear } from '../ops/linear.js';
import { minibatchDeviation } from '../ops/minibatch-deviation.js';
import type { Recorder } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { extent, reshape, sizeOf } from '../runtime/tensor.js';
import type { View } from './autoencoder-layers.js';
import { convLayer, equalLinear, resBlock } from './autoencoder-layers.js';

/** StyleGAN2's discriminator of whole pictures (App. A): residual blocks as the encoder's, down to 4×4, then a logit. */
export interface Discriminator {
  readonly first: ConvLayer;
  readonly blocks: readonly ResBlock[];
  /** 3×3, of the features and their minibatch deviation. */
  readonly last: ConvLayer;
  readonly fc1: { readonly weight: Tensor; readonly bias: Tensor };
  readonly fc2: { readonly weight: Tensor; readonly bias: Tensor };
}

/** @param size of the pictures: log₂ size − 2 blocks. */
export function trainedDiscriminator(rec: Recorder, view: View, prefix: string, size: number): Discriminator {
  const fc = (name: string) => ({
    weight: equalLinear(rec, view(`${prefix}.${name}.weight`)),
    bias: view(`${prefix}.${name}.bias`),
  });
  return {
    first: convLayer(rec, view, `${prefix}.blocks.0.0`, `${prefix}.blocks.0.1`),
    blocks: Array.from({ length: Math.log2(size) - 2 }, (_, k) =>
      resBlock(rec, view, `${prefix}.blocks.${k + 1}`),
    ),
    last: convLayer(rec, view, `${prefix}.last.0`, `${prefix}.last.1`),
    fc1: fc('fc1'),
    fc2: fc('fc2'),
  };
}

/**
 * @param pictures `[batch, 3, size, size]`; batch at most 4 or a multiple of 4.
 * @returns logits, `[batch, 1]`: large for what looks real.
 */
export function recordDiscriminator(
  rec: Recorder,
  { first, blocks, last, fc1, fc2 }: Discriminator,
  pictures: Tensor,
): Tensor {
  const batch = extent(pictures, 0);
  let x = recordConvLayer(rec, pictures, first, 'discriminator');
  blocks.forEach((block, k) => (x = recordResBlock(rec, x, block, `discriminator.${k + 1}`)));
  const [channels, height, width] = [extent(x, 1), extent(x, 2), extent(x, 3)];
  const features = reshape(x, [batch, channels * height * width]);
  const deviation = reshape(minibatchDeviation(rec, x), [batch, height * width]);
  const joined = joinColumns(rec, [features, deviation], 'with deviation');
  x = recordConvLayer(rec, reshape(joined, [batch, channels + 1, height, width]), last, 'discriminator.last');
  const hidden = linear(rec, reshape(x, [batch, sizeOf(x.shape) / batch]), fc1.weight, { label: 'fc1' });
  const activated = biasActivation(rec, reshape(hidden, [...hidden.shape, 1, 1]), fc1.bias, true, 'fc1');
  return linear(rec, reshape(activated, hidden.shape), fc2.weight, { bias: fc2.bias, label: 'logits' });
}
