import type { DecoderWeights } from '../models/autoencoder/decoder.js';
import type { EncoderWeights } from '../models/autoencoder/encoder.js';
import { scale } from '../ops/elementwise.js';
import { joinColumns } from '../ops/join-columns.js';
import { weightSquares } from '../ops/repack-weight.js';
import type { Recorder } from '../runtime/recorder.js';
import type { Tensor } from '../runtime/tensor.js';
import { extent, reshape, sizeOf } from '../runtime/tensor.js';
import type { FloatConfig } from '../weights/config.js';
import type { View } from './autoencoder-layers.js';
import { convLayer, equalConv, equalLinear, modulatedConv, resBlock, vector } from './autoencoder-layers.js';

const encoder = 'motion_autoencoder.enc';
const decoder = 'motion_autoencoder.dec';

/** What `loadEncoder` makes on the host, recorded. */
export function trainedEncoder(rec: Recorder, view: View, config: FloatConfig): EncoderWeights {
  const count = Math.log2(config.input_size) - 2;
  const convs = `${encoder}.net_app.convs`;
  return {
    first: convLayer(rec, view, `${convs}.0.0`, `${convs}.0.1`),
    blocks: Array.from({ length: count }, (_, k) => resBlock(rec, view, `${convs}.${k + 1}`)),
    last: equalLinear(rec, view(`${convs}.${count + 1}.weight`)),
    fc: Array.from({ length: 5 }, (_, k) => ({
      weight: equalLinear(rec, view(`${encoder}.fc.${k}.weight`)),
      bias: view(`${encoder}.fc.${k}.bias`),
    })),
  };
}

/** What `loadDecoder` makes on the host, recorded. */
export function trainedDecoder(rec: Recorder, view: View, config: FloatConfig): DecoderWeights {
  const modulations: { readonly weights: Tensor[]; readonly biases: Tensor[]; inputs: number } = {
    weights: [],
    biases: [],
    inputs: 0,
  };
  const styleOffset = (layer: string) => {
    const bias = view(`${layer}.conv.modulation.bias`);
    modulations.weights.push(view(`${layer}.conv.modulation.weight`));
    modulations.biases.push(bias);
    modulations.inputs += sizeOf(bias.shape);
    return modulations.inputs - sizeOf(bias.shape);
  };
  const styled = (name: string, upsample: boolean) => {
    const layer = `${decoder}.${name}`;
    const conv = modulatedConv(rec, view(`${layer}.conv.weight`), upsample);
    return {
      conv,
      inputs: extent(conv.tensor, 1),
      outputs: conv.outputs,
      squares: weightSquares(rec, conv),
      bias: vector(view(`${layer}.activate.bias`)),
      styleOffset: styleOffset(layer),
    };
  };
  const conv1 = styled('conv1', false);
  const levels: DecoderWeights['levels'][number][] = [];
  for (let k = 0; 8 << k <= config.input_size; k++) {
    const [flow, rgb] = [`${decoder}.to_flows.${k}`, `${decoder}.to_rgbs.${k}`];
    levels.push({
      up: styled(`convs.${2 * k}`, true),
      conv: styled(`convs.${2 * k + 1}`, false),
      toFlow: {
        weight: modulatedConv(rec, view(`${flow}.conv.weight`)),
        bias: vector(view(`${flow}.bias`)),
        styleOffset: styleOffset(flow),
      },
      toRgb: {
        weight: equalConv(rec, view(`${rgb}.conv.0.weight`)),
        bias: vector(view(`${rgb}.conv.1.bias`)),
        shift: vector(view(`${rgb}.bias`)),
      },
    });
  }
  return {
    modulation: {
      weight: reshape(
        scale(rec, stacked(rec, modulations.weights), 1 / Math.sqrt(config.style_dim), 'modulations'),
        [modulations.inputs, config.style_dim],
      ),
      bias: vector(stacked(rec, modulations.biases)),
    },
    input: view(`${decoder}.input.input`),
    conv1,
    levels,
  };
}

/** Tensors one below the other, as one row of all their elements. */
function stacked(rec: Recorder, tensors: readonly Tensor[]): Tensor {
  const rows = tensors.map((x) => reshape(x, [1, sizeOf(x.shape)]));
  const joined = joinColumns(rec, rows, 'modulations');
  return reshape(joined, [1, extent(joined, 1)]);
}
