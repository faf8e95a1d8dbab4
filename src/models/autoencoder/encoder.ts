import { conv2d } from '../../ops/conv2d.js';
import type { ConvWeight } from '../../ops/conv-weight.js';
import { packWeight } from '../../ops/conv-weight.js';
import { linear } from '../../ops/linear.js';
import { upfirdn2d } from '../../ops/upfirdn2d.js';
import type { Recorder } from '../../runtime/recorder.js';
import { tap } from '../../runtime/recorder.js';
import type { Tensor } from '../../runtime/tensor.js';
import { extent, reshape, sizeOf } from '../../runtime/tensor.js';
import type { FloatConfig } from '../../weights/config.js';
import type { Parameters } from '../parameters.js';
import { addParameter, loadParameter, readParameter } from '../parameters.js';

const prefix = 'motion_autoencoder.enc';

/**
 * The encoder `motion_autoencoder.enc` (Sec. 2 of docs/model.md): a portrait's identity latent, motion and features.
 */
export interface EncoderWeights {
  /** `net_app.convs.0`: 1×1 from the picture's colours. */
  readonly first: ConvLayer;
  /** `net_app.convs.1` …: each halves the picture, S down to 4. */
  readonly blocks: readonly ResBlock[];
  /** `net_app.convs.n+1`: the 4×4 convolution of a 4×4 picture, which is a linear layer: `[d, channels · 16]`. */
  readonly last: Tensor;
  /** `fc`: five linear layers with nothing between. */
  readonly fc: readonly { weight: Tensor; bias: Tensor }[];
}

export interface ConvLayer {
  readonly weight: ConvWeight;
  /** FusedLeakyReLU's; without it there is no activation. */
  readonly bias: Tensor | undefined;
}

export interface ResBlock {
  readonly conv1: ConvLayer;
  readonly conv2: ConvLayer;
  readonly skip: ConvLayer;
}

export async function loadEncoder(parameters: Parameters, config: FloatConfig): Promise<EncoderWeights> {
  const count = Math.log2(config.input_size) - 2;
  const blocks: ResBlock[] = [];
  for (let k = 1; k <= count; k++) {
    const block = `${prefix}.net_app.convs.${k}`;
    blocks.push({
      conv1: await loadConvLayer(parameters, `${block}.conv1.0`, `${block}.conv1.1`),
      conv2: await loadConvLayer(parameters, `${block}.conv2.1`, `${block}.conv2.2`),
      skip: await loadConvLayer(parameters, `${block}.skip.1`),
    });
  }
  const fc = [];
  for (let k = 0; k < 5; k++) {
    fc.push({
      weight: await loadParameter(parameters, `${prefix}.fc.${k}.weight`, 1 / Math.sqrt(config.dim_w)),
      bias: await loadParameter(parameters, `${prefix}.fc.${k}.bias`),
    });
  }
  const first = `${prefix}.net_app.convs.0`;
  const inputs = (config.channels['4'] ?? 0) * 16;
  const last = await loadParameter(
    parameters,
    `${prefix}.net_app.convs.${count + 1}.weight`,
    1 / Math.sqrt(inputs),
  );
  return {
    first: await loadConvLayer(parameters, `${first}.0`, `${first}.1`),
    blocks,
    last: reshape(last, [sizeOf(last.shape) / inputs, inputs]),
    fc,
  };
}

/**
 * ConvLayer's weights, scaled by the equalised learning rate 1/√(Cin·k²), and the bias of its activation, if it has
 * one.
 */
async function loadConvLayer(parameters: Parameters, conv: string, activation?: string): Promise<ConvLayer> {
  const weight = await loadConvWeight(parameters, `${conv}.weight`);
  if (activation === undefined) return { weight, bias: undefined };
  const bias = await loadParameter(parameters, `${activation}.bias`);
  return { weight, bias: reshape(bias, [weight.outputs]) };
}

/** An EqualConv2d's weights `[outputs, inputs, k, k]`, packed and multiplied by 1/√(inputs·k²). */
export async function loadConvWeight(parameters: Parameters, name: string): Promise<ConvWeight> {
  const data = await readParameter(parameters, name);
  const [outputs = 0, inputs = 0, kernel = 0] = parameters.source.tensors.get(name)?.shape ?? [];
  const packed = packWeight(data, { outputs, inputs, kernel }, 1 / Math.sqrt(inputs * kernel ** 2));
  return { tensor: addParameter(parameters, name, packed.shape, packed.data), outputs };
}

export interface Encoding {
  /** Identity latent s_r, `[batch, d]`. */
  readonly sR: Tensor;
  /** Motion coefficients λ, `[batch, dim_m]`. */
  readonly lambda: Tensor;
  /** Features `[batch, channels, r, r]` for r = 8, 16, … S. */
  readonly features: readonly Tensor[];
}

/** @param image `[batch, 3, S, S]` in −1 … 1. */
export function recordEncoder(rec: Recorder, weights: EncoderWeights, image: Tensor): Encoding {
  const outputs = [recordConvLayer(rec, image, weights.first, 'net_app.convs.0')];
  weights.blocks.forEach((block, k) => {
    outputs.push(recordResBlock(rec, outputs[k]!, block, `net_app.convs.${k + 1}`));
  });
  outputs.forEach((output, k) => tap(rec, `net_app.convs.${k}`, output));
  const smallest = outputs.pop()!;
  const batch = extent(image, 0);
  const flat = reshape(smallest, [batch, sizeOf(smallest.shape) / batch]);
  const sR = linear(rec, flat, weights.last, { label: 's_r' });
  tap(rec, `net_app.convs.${weights.blocks.length + 1}`, sR);
  const lambda = weights.fc.reduce(
    (x, { weight, bias }) => linear(rec, x, weight, { bias, label: 'fc' }),
    sR,
  );
  return { sR, lambda, features: outputs.reverse() };
}

/** ConvLayer without downsampling: convolution of unchanged size, FusedLeakyReLU. */
export function recordConvLayer(
  rec: Recorder,
  x: Tensor,
  { weight, bias }: ConvLayer,
  label: string,
): Tensor {
  const padding = Math.floor(Math.sqrt(extent(weight.tensor, 0)) / 2);
  return conv2d(rec, x, weight, { padding, bias, leaky: true, label });
}

/**
 * out = (conv2(conv1(x)) + skip(x))/√2, at half the size. The skip's Blur keeps only the samples that its 1×1
 * convolution of stride 2 would read.
 */
export function recordResBlock(
  rec: Recorder,
  x: Tensor,
  { conv1, conv2, skip }: ResBlock,
  label: string,
): Tensor {
  const halved = upfirdn2d(rec, x, { pad: [1, 1], down: 2, label: `${label}.skip.0` });
  const skipped = conv2d(rec, halved, skip.weight, { label: `${label}.skip` });
  const inner = recordConvLayer(rec, x, conv1, `${label}.conv1`);
  const blurred = upfirdn2d(rec, inner, { pad: [2, 2], label: `${label}.conv2.0` });
  return conv2d(rec, blurred, conv2.weight, {
    stride: 2,
    bias: conv2.bias,
    leaky: true,
    addend: skipped,
    factor: Math.SQRT1_2,
    label,
  });
}
