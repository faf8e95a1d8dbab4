import type { ConvLayer } from '../models/autoencoder/encoder.js';
import { recordConvLayer } from '../models/autoencoder/encoder.js';
import { conv2d } from '../ops/conv2d.js';
import { upfirdn2d } from '../ops/upfirdn2d.js';
import type { Recorder } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { extent } from '../runtime/tensor.js';
import type { View } from './autoencoder-layers.js';
import { convLayer, equalConv, vector } from './autoencoder-layers.js';

/** The discriminator of a facial component, an eye or the lips (App. A): a map of logits. */
export interface ComponentDiscriminator {
  /** conv1 … conv5; the second and the fourth halve. */
  readonly layers: readonly ConvLayer[];
  readonly final: { readonly weight: ConvLayer['weight']; readonly bias: Tensor };
}

const halving = [false, true, false, true, false];

export function trainedComponentDiscriminator(
  rec: Recorder,
  view: View,
  prefix: string,
): ComponentDiscriminator {
  return {
    // A layer that halves begins with its blur, which counts.
    layers: halving.map((halves, k) => {
      const [conv, activation] = halves ? [1, 2] : [0, 1];
      return convLayer(rec, view, `${prefix}.conv${k + 1}.${conv}`, `${prefix}.conv${k + 1}.${activation}`);
    }),
    final: {
      weight: equalConv(rec, view(`${prefix}.final.0.weight`)),
      bias: vector(view(`${prefix}.final.0.bias`)),
    },
  };
}

/**
 * @param crops `[batch, 3, side, side]`.
 * @returns logits, a map for each, and the features of conv3 and conv5, which the style loss compares (Eq. 19).
 */
export function recordComponentDiscriminator(
  rec: Recorder,
  { layers, final }: ComponentDiscriminator,
  crops: Tensor,
): { readonly logits: Tensor; readonly conv3: Tensor; readonly conv5: Tensor } {
  const made: Tensor[] = [];
  layers.forEach((layer, k) => {
    const x = made[k - 1] ?? crops;
    const label = `conv${k + 1}`;
    made.push(halving[k] ? halved(rec, x, layer, label) : recordConvLayer(rec, x, layer, label));
  });
  const logits = conv2d(rec, made[4]!, final.weight, { padding: 1, bias: final.bias, label: 'logits' });
  return { logits, conv3: made[2]!, conv5: made[4]! };
}

/** ConvLayer that halves. Of an odd picture the blur's last row and column, which the convolution skips, aren't made. */
function halved(rec: Recorder, x: Tensor, { weight, bias }: ConvLayer, label: string): Tensor {
  const blurred = upfirdn2d(rec, x, { pad: [2, 2 - (extent(x, 2) % 2)], label: `${label}.0` });
  return conv2d(rec, blurred, weight, { stride: 2, bias, leaky: true, label });
}
