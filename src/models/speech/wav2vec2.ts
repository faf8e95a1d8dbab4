import { attention } from '../../ops/attention.js';
import { conv1d } from '../../ops/conv1d.js';
import { layerNorm } from '../../ops/layer-norm.js';
import type { LinearOptions } from '../../ops/linear.js';
import { linear } from '../../ops/linear.js';
import { unfold } from '../../ops/unfold.js';
import type { Recorder } from '../../runtime/recorder.js';
import type { Tensor } from '../../runtime/tensor.js';
import { extent, reshape } from '../../runtime/tensor.js';
import type { Wav2Vec2Config } from '../../weights/config.js';
import type { Affine } from '../parameters.js';
import type { EncoderLayer, Wav2Vec2 } from './wav2vec2-weights.js';

/**
 * wav2vec2 (Sec. 4 and 5 of docs/model.md; Baevski et al. 2020): speech samples → convolutions → transformer. Both
 * published variants, told apart by the configuration:
 *
 * |                | base: audio encoder                   | large: emotion encoder                         |
 * |----------------|---------------------------------------|------------------------------------------------|
 * | convolutions   | group norm after the first            | layer norm over channels after each            |
 * | layers         | post-norm: x = LN(x + f(x))           | pre-norm: x = x + f(LN(x))                     |
 * | encoder's norm | after the position convolution        | after the last layer                           |
 *
 * All sequences are `[1, T, C]`.
 */

/** Every LayerNorm and GroupNorm of wav2vec2. */
export const eps = 1e-5;

export function norm(rec: Recorder, x: Tensor, affine: Affine): Tensor {
  return layerNorm(rec, x, { eps, ...affine });
}

/**
 * The convolutions: 7 layers that make a frame of every 320 samples of speech (20 ms at 16 kHz).
 *
 * @param wave `[samples]`, normalised.
 * @param first the first convolution with its group norm, in the variant that has one (`normedConv`).
 * @returns `[1, T', C]`, T' = 1 + ⌊(samples − 400)/320⌋ in the published models.
 */
export function featureExtractor(
  rec: Recorder,
  { config, convLayers }: Wav2Vec2,
  wave: Tensor,
  first: Affine | undefined,
): Tensor {
  const layers = first ? [{ ...first, layerNorm: undefined }, ...convLayers] : convLayers;
  return layers.reduce((x, { weight, bias, layerNorm: affine }, i) => {
    const size = config.conv_kernel[i] ?? 1;
    const step = config.conv_stride[i] ?? 1;
    const options: LinearOptions = {
      bias,
      activation: affine ? 'none' : 'geluErf',
      label: `feature_extractor.conv_layers.${i}`,
    };
    const y =
      i === 0
        ? withBatch(linear(rec, unfold(rec, x, { size, step }), weight, options))
        : conv1d(rec, x, weight, { ...options, stride: step });
    return affine ? layerNorm(rec, y, { eps, ...affine, activation: 'geluErf' }) : y;
  }, wave);
}

function withBatch(x: Tensor): Tensor {
  return reshape(x, [1, ...x.shape]);
}

/** The fewest samples that make a frame: the window of all convolutions together, 400 in the published models. */
export function shortestWave({ conv_kernel, conv_stride }: Wav2Vec2Config): number {
  return conv_kernel.reduceRight((length, k, i) => (length - 1) * (conv_stride[i] ?? 1) + k, 1);
}

/** LayerNorm, then Linear: `[1, T, C]` → `[1, T, h]`. */
export function featureProjection(rec: Recorder, { featureProjection }: Wav2Vec2, x: Tensor): Tensor {
  const { layerNorm, projection } = featureProjection;
  return linear(rec, norm(rec, x, layerNorm), projection.weight, { bias: projection.bias });
}

/**
 * The transformer.
 *
 * @param x `[1, T, h]`.
 * @returns `hiddenStates`: what enters the first layer, then each layer's output, `[1, T, h]` each. `last`: the last of
 *   them, with the final norm of the pre-norm variant.
 */
export function encoder(
  rec: Recorder,
  { config, encoder: weights }: Wav2Vec2,
  x: Tensor,
): { hiddenStates: Tensor[]; last: Tensor } {
  const isPreNorm = config.do_stable_layer_norm;
  const placed = positionConv(rec, config, weights.positionConv, x);
  let hidden = isPreNorm ? placed : norm(rec, placed, weights.layerNorm);
  const hiddenStates = [hidden];
  for (const layer of weights.layers) {
    hidden = (isPreNorm ? preNormLayer : postNormLayer)(rec, config, layer, hidden);
    hiddenStates.push(hidden);
  }
  return { hiddenStates, last: isPreNorm ? norm(rec, hidden, weights.layerNorm) : hidden };
}

/**
 * x + where a frame stands, told by a grouped convolution over its neighbours. An even kernel's last frame is dropped.
 */
function positionConv(
  rec: Recorder,
  config: Wav2Vec2Config,
  { weight, bias }: Wav2Vec2['encoder']['positionConv'],
  x: Tensor,
): Tensor {
  return conv1d(rec, x, weight, {
    bias,
    padding: Math.floor(config.num_conv_pos_embeddings / 2),
    groups: config.num_conv_pos_embedding_groups,
    outFrames: extent(x, 1),
    activation: 'geluErf',
    residual: x,
    label: 'encoder.pos_conv_embed',
  });
}

function postNormLayer(rec: Recorder, config: Wav2Vec2Config, layer: EncoderLayer, x: Tensor): Tensor {
  const y = norm(rec, selfAttention(rec, config, layer, x, x), layer.layerNorm);
  return norm(rec, feedForward(rec, layer, y, y), layer.finalLayerNorm);
}

function preNormLayer(rec: Recorder, config: Wav2Vec2Config, layer: EncoderLayer, x: Tensor): Tensor {
  const y = selfAttention(rec, config, layer, norm(rec, x, layer.layerNorm), x);
  return feedForward(rec, layer, norm(rec, y, layer.finalLayerNorm), y);
}

function selfAttention(
  rec: Recorder,
  { num_attention_heads: heads }: Wav2Vec2Config,
  { qkv, outProjection }: EncoderLayer,
  x: Tensor,
  residual: Tensor,
): Tensor {
  const packed = linear(rec, x, qkv.weight, { bias: qkv.bias, label: 'qkv' });
  const y = attention(rec, { qkv: packed }, { heads });
  return linear(rec, y, outProjection.weight, { bias: outProjection.bias, residual, label: 'out_proj' });
}

function feedForward(
  rec: Recorder,
  { intermediate, output }: EncoderLayer,
  x: Tensor,
  residual: Tensor,
): Tensor {
  const { weight, bias } = intermediate;
  const y = linear(rec, x, weight, { bias, activation: 'geluErf', label: 'intermediate_dense' });
  return linear(rec, y, output.weight, { bias: output.bias, residual, label: 'output_dense' });
}
