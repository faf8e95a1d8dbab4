import type { ConvLayer, ResBlock } from '../models/autoencoder/encoder.js';
import type { ConvWeight } from '../ops/conv-weight.js';
import { scale } from '../ops/elementwise.js';
import { repackWeight } from '../ops/repack-weight.js';
import type { Recorder } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { extent, reshape, sizeOf } from '../runtime/tensor.js';

/** A checkpoint's parameter by its name. */
export type View = (name: string) => Tensor;

/**
 * The layers of encoder, decoder and discriminators made of the stored parameters **in the plan**: scaled by the
 * equalised rate, packed for the convolutions. So Adam moves what a checkpoint stores, and gradients go back through
 * scaling and packing like through anything else.
 */
export function equalConv(rec: Recorder, weight: Tensor, transposed = false): ConvWeight {
  const [inputs, kernel] = [extent(weight, 1), extent(weight, 2)];
  return repackWeight(rec, weight, { scale: 1 / Math.sqrt(inputs * kernel ** 2), transposed });
}

/** A ModulatedConv2d's weights, stored as `[1, outputs, inputs, k, k]`. */
export function modulatedConv(rec: Recorder, stored: Tensor, transposed = false): ConvWeight {
  return equalConv(rec, reshape(stored, stored.shape.slice(1)), transposed);
}

/** An EqualLinear's weight `[outputs, …]` as a matrix, times 1/√inputs. */
export function equalLinear(rec: Recorder, weight: Tensor): Tensor {
  const outputs = extent(weight, 0);
  const inputs = sizeOf(weight.shape) / outputs;
  return scale(rec, reshape(weight, [outputs, inputs]), 1 / Math.sqrt(inputs), weight.label);
}

/** A bias of any stored shape, `[channels]`. */
export const vector = (stored: Tensor): Tensor => reshape(stored, [sizeOf(stored.shape)]);

/** A ConvLayer with FusedLeakyReLU; without the name of its bias, the convolution alone. */
export function convLayer(rec: Recorder, view: View, conv: string, activation?: string): ConvLayer {
  const weight = equalConv(rec, view(`${conv}.weight`));
  return { weight, bias: activation === undefined ? undefined : vector(view(`${activation}.bias`)) };
}

export function resBlock(rec: Recorder, view: View, block: string): ResBlock {
  return {
    conv1: convLayer(rec, view, `${block}.conv1.0`, `${block}.conv1.1`),
    conv2: convLayer(rec, view, `${block}.conv2.1`, `${block}.conv2.2`),
    skip: convLayer(rec, view, `${block}.skip.1`),
  };
}
