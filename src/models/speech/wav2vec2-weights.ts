import { tapsBeforeChannels } from '../../ops/conv1d.js';
import { fillRows, unfoldedWidth } from '../../ops/unfold.js';
import { joinArrays } from '../../base/arrays.js';
import type { Tensor } from '../../runtime/tensor.js';
import type { Wav2Vec2Config } from '../../weights/config.js';
import type { Affine, Parameters } from '../parameters.js';
import { addParameter, loadAffine, loadParameter, readParameter } from '../parameters.js';

/**
 * A convolution and the layer norm after it, if there is one. Weight `[outputs, taps, inputs]`; the first's, which has
 * one input, `[outputs, unfoldedWidth(taps)]`.
 */
export interface ConvLayer {
  readonly weight: Tensor;
  readonly bias: Tensor | undefined;
  readonly layerNorm: Affine | undefined;
}

export interface EncoderLayer {
  /** `attention.q_proj`, `k_proj` and `v_proj` as one layer h → 3h. */
  readonly qkv: Affine;
  readonly outProjection: Affine;
  readonly layerNorm: Affine;
  readonly intermediate: Affine;
  readonly output: Affine;
  readonly finalLayerNorm: Affine;
}

/**
 * The first convolution of the group norm variant, on the host: weight `[outputs, taps]`, and the norm's γ and β
 * `[outputs]`. It becomes one with the norm once a clip's statistics are known.
 */
export interface HostConv {
  readonly outputs: number;
  readonly taps: number;
  readonly weight: Float32Array;
  readonly gamma: Float32Array;
  readonly beta: Float32Array;
}

/** The weights of a wav2vec2 model, on the GPU but for the first convolution of the group norm variant. */
export interface Wav2Vec2 {
  readonly config: Wav2Vec2Config;
  readonly normedConv: HostConv | undefined;
  /** All others. */
  readonly convLayers: readonly ConvLayer[];
  readonly featureProjection: { readonly layerNorm: Affine; readonly projection: Affine };
  readonly encoder: {
    readonly positionConv: Affine;
    readonly layerNorm: Affine;
    readonly layers: readonly EncoderLayer[];
  };
}

/**
 * Loads `prefix.feature_extractor`, `prefix.feature_projection` and `prefix.encoder` (Sec. 4 of docs/model.md).
 *
 * @param prefix such as `audio_encoder.wav2vec2`.
 */
export async function loadWav2Vec2(
  parameters: Parameters,
  prefix: string,
  config: Wav2Vec2Config,
): Promise<Wav2Vec2> {
  const convName = `${prefix}.feature_extractor.conv_layers`;
  const isGroupNorm = config.feat_extract_norm === 'group';
  const normedConv = isGroupNorm ? await readNormedConv(parameters, `${convName}.0`, config) : undefined;
  const convLayers: ConvLayer[] = [];
  for (let i = isGroupNorm ? 1 : 0; i < config.conv_dim.length; i++) {
    convLayers.push(await loadConvLayer(parameters, `${convName}.${i}`, config, i));
  }
  const featureProjection = {
    layerNorm: await loadAffine(parameters, `${prefix}.feature_projection.layer_norm`),
    projection: await loadAffine(parameters, `${prefix}.feature_projection.projection`),
  };
  const positionConv = await loadPositionConv(parameters, `${prefix}.encoder.pos_conv_embed.conv`, config);
  const layerNorm = await loadAffine(parameters, `${prefix}.encoder.layer_norm`);
  const layers: EncoderLayer[] = [];
  for (let i = 0; i < config.num_hidden_layers; i++) {
    layers.push(await loadEncoderLayer(parameters, `${prefix}.encoder.layers.${i}`));
  }
  return {
    config,
    normedConv,
    convLayers,
    featureProjection,
    encoder: { positionConv, layerNorm, layers },
  };
}

async function readNormedConv(
  parameters: Parameters,
  name: string,
  config: Wav2Vec2Config,
): Promise<HostConv> {
  return {
    outputs: config.conv_dim[0] ?? 0,
    taps: config.conv_kernel[0] ?? 0,
    weight: await readParameter(parameters, `${name}.conv.weight`),
    gamma: await readParameter(parameters, `${name}.layer_norm.weight`),
    beta: await readParameter(parameters, `${name}.layer_norm.bias`),
  };
}

async function loadConvLayer(
  parameters: Parameters,
  name: string,
  config: Wav2Vec2Config,
  i: number,
): Promise<ConvLayer> {
  const [outputs, taps] = [config.conv_dim[i] ?? 0, config.conv_kernel[i] ?? 0];
  const weightName = `${name}.conv.weight`;
  const weight = await readParameter(parameters, weightName);
  const hasNorm = config.feat_extract_norm === 'layer';
  const { precision } = parameters;
  return {
    weight:
      i === 0
        ? addParameter(
            parameters,
            weightName,
            [outputs, unfoldedWidth(taps)],
            fillRows(weight, taps),
            precision,
          )
        : addConvWeight(parameters, weightName, weight, {
            outputs,
            taps,
            inputs: config.conv_dim[i - 1] ?? 0,
          }),
    bias: config.conv_bias ? await loadParameter(parameters, `${name}.conv.bias`) : undefined,
    layerNorm: hasNorm ? await loadAffine(parameters, `${name}.layer_norm`) : undefined,
  };
}

function addConvWeight(
  parameters: Parameters,
  name: string,
  weight: Float32Array,
  size: { outputs: number; inputs: number; taps: number },
): Tensor {
  const shape = [size.outputs, size.taps, size.inputs];
  return addParameter(parameters, name, shape, tapsBeforeChannels(weight, size), parameters.precision);
}

async function loadPositionConv(
  parameters: Parameters,
  name: string,
  config: Wav2Vec2Config,
): Promise<Affine> {
  const hidden = config.hidden_size;
  const size = {
    outputs: hidden,
    inputs: hidden / config.num_conv_pos_embedding_groups,
    taps: config.num_conv_pos_embeddings,
  };
  const g = await readParameter(parameters, `${name}.weight_g`);
  const v = await readParameter(parameters, `${name}.weight_v`);
  return {
    weight: addConvWeight(parameters, `${name}.weight`, weightNormalised(v, g), size),
    bias: await loadParameter(parameters, `${name}.bias`),
  };
}

/**
 * w[o,c,j] = g[j] · v[o,c,j] / ‖v[:,:,j]‖: `torch.nn.utils.weight_norm(dim=2)`, in float64.
 *
 * @param v `[outputs, inputs, taps]`.
 * @param g `[1, 1, taps]`.
 */
export function weightNormalised(v: Float32Array, g: Float32Array): Float32Array<ArrayBuffer> {
  const taps = g.length;
  const squares = new Float64Array(taps);
  v.forEach((value, i) => (squares[i % taps] = (squares[i % taps] ?? 0) + value ** 2));
  const scale = squares.map((square, j) => (g[j] ?? 0) / Math.sqrt(square));
  return Float32Array.from(v, (value, i) => value * (scale[i % taps] ?? 0));
}

async function loadEncoderLayer(parameters: Parameters, name: string): Promise<EncoderLayer> {
  return {
    qkv: await loadQkv(parameters, `${name}.attention`),
    outProjection: await loadAffine(parameters, `${name}.attention.out_proj`),
    layerNorm: await loadAffine(parameters, `${name}.layer_norm`),
    intermediate: await loadAffine(parameters, `${name}.feed_forward.intermediate_dense`),
    output: await loadAffine(parameters, `${name}.feed_forward.output_dense`),
    finalLayerNorm: await loadAffine(parameters, `${name}.final_layer_norm`),
  };
}

/** Three layers in one launch: their rows, q's first, then k's and v's. */
async function loadQkv(parameters: Parameters, name: string): Promise<Affine> {
  const stacked = async (kind: 'weight' | 'bias') => {
    const parts: Float32Array[] = [];
    for (const projection of ['q_proj', 'k_proj', 'v_proj']) {
      parts.push(await readParameter(parameters, `${name}.${projection}.${kind}`));
    }
    return joinArrays(parts);
  };
  const bias = await stacked('bias');
  const rows = bias.length;
  const weight = await stacked('weight');
  return {
    weight: addParameter(parameters, `${name}.qkv.weight`, [rows, rows / 3], weight, parameters.precision),
    bias: addParameter(parameters, `${name}.qkv.bias`, [rows], bias),
  };
}
