import { joinArrays } from '../../base/arrays.js';
import type { ConvWeight } from '../../ops/conv-weight.js';
import { packTransposedWeight, packWeight, squareSums } from '../../ops/conv-weight.js';
import type { Style } from '../../ops/conv2d.js';
import { flowGrid, warpBlend } from '../../ops/flow.js';
import { linear } from '../../ops/linear.js';
import type { DemodulatedLayer, ModulatedWeight } from '../../ops/modulated-conv2d.js';
import { demodulations, styledConv } from '../../ops/modulated-conv2d.js';
import { pointwise } from '../../ops/pointwise.js';
import { upfirdn2d } from '../../ops/upfirdn2d.js';
import type { Recorder } from '../../runtime/recorder.js';
import { tap } from '../../runtime/recorder.js';
import type { Tensor } from '../../runtime/tensor.js';
import { reshape } from '../../runtime/tensor.js';
import type { FloatConfig } from '../../weights/config.js';
import { loadConvWeight } from './encoder.js';
import type { Parameters } from '../parameters.js';
import { addParameter, loadParameter, readParameter } from '../parameters.js';

const prefix = 'motion_autoencoder.dec';

/** The decoder `motion_autoencoder.dec` (Sec. 3 of docs/model.md): latent and features to a picture. */
export interface DecoderWeights {
  /** The modulations of all layers, one below the other: `[Σ inputs, d]` and `[Σ inputs]`. */
  readonly modulation: { readonly weight: Tensor; readonly bias: Tensor };
  /** `squareSums` of all styled convolutions, one after the other, conv1 first; without, each layer has its own. */
  readonly squares?: Tensor;
  /** `input.input`, `[1, channels, 4, 4]`. */
  readonly input: Tensor;
  readonly conv1: StyledConv;
  /** One for each resolution 8, 16, … S. */
  readonly levels: readonly Level[];
}

type StyledConv = ModulatedWeight & DemodulatedLayer;

interface Level {
  /** `convs[2k]`, upsampling, and `convs[2k+1]`. */
  readonly up: StyledConv;
  readonly conv: StyledConv;
  readonly toFlow: { readonly weight: ConvWeight; readonly styleOffset: number; readonly bias: Tensor };
  /** FusedLeakyReLU's bias, and the one added after it. */
  readonly toRgb: { readonly weight: ConvWeight; readonly bias: Tensor; readonly shift: Tensor };
}

/** Gathers the layers' modulations and squares: one product makes all styles, one launch all demodulations. */
interface Modulations {
  readonly weights: Float32Array[];
  readonly biases: Float32Array[];
  readonly squares: Float32Array[];
  inputs: number;
}

export async function loadDecoder(parameters: Parameters, config: FloatConfig): Promise<DecoderWeights> {
  const modulations: Modulations = { weights: [], biases: [], squares: [], inputs: 0 };
  const styled = (layer: string, upsample: boolean) =>
    loadStyledConv(parameters, modulations, `${prefix}.${layer}`, upsample);
  const conv1 = await styled('conv1', false);
  const levels: Level[] = [];
  for (let k = 0; 8 << k <= config.input_size; k++) {
    levels.push({
      up: await styled(`convs.${2 * k}`, true),
      conv: await styled(`convs.${2 * k + 1}`, false),
      toFlow: await loadToFlow(parameters, modulations, `${prefix}.to_flows.${k}`),
      toRgb: await loadToRgb(parameters, `${prefix}.to_rgbs.${k}`),
    });
  }
  const scale = 1 / Math.sqrt(config.style_dim);
  const weight = joinArrays(modulations.weights).map((value) => value * scale);
  const bias = joinArrays(modulations.biases);
  const squares = joinArrays(modulations.squares);
  const label = `${prefix} modulations`;
  const { precision } = parameters;
  const start = await loadParameter(parameters, `${prefix}.input.input`, 1, precision);
  return {
    modulation: {
      weight: addParameter(parameters, label, [modulations.inputs, config.style_dim], weight, precision),
      bias: addParameter(parameters, `${label}.bias`, [modulations.inputs], bias),
    },
    squares: addParameter(parameters, `${prefix} squares`, [squares.length], squares),
    input: start,
    conv1,
    levels,
  };
}

async function loadStyledConv(
  parameters: Parameters,
  modulations: Modulations,
  layer: string,
  upsample: boolean,
): Promise<StyledConv> {
  const { data, size, scale } = await readModulated(parameters, layer);
  const { outputs, inputs } = size;
  const packed = (upsample ? packTransposedWeight : packWeight)(data, size, scale);
  modulations.squares.push(squareSums(data, size, scale));
  const bias = await loadParameter(parameters, `${layer}.activate.bias`);
  return {
    conv: {
      tensor: addParameter(
        parameters,
        `${layer}.conv.weight`,
        packed.shape,
        packed.data,
        parameters.precision,
      ),
      outputs,
    },
    bias: reshape(bias, [outputs]),
    inputs,
    outputs,
    styleOffset: await addModulation(parameters, modulations, layer, inputs),
  };
}

async function loadToFlow(parameters: Parameters, modulations: Modulations, layer: string) {
  const { data, size, scale } = await readModulated(parameters, layer);
  const packed = packWeight(data, size, scale);
  const bias = await loadParameter(parameters, `${layer}.bias`);
  return {
    weight: {
      tensor: addParameter(parameters, `${layer}.conv.weight`, packed.shape, packed.data),
      outputs: size.outputs,
    },
    bias: reshape(bias, [size.outputs]),
    styleOffset: await addModulation(parameters, modulations, layer, size.inputs),
  };
}

async function loadToRgb(parameters: Parameters, layer: string) {
  const weight = await loadConvWeight(parameters, `${layer}.conv.0.weight`);
  const bias = await loadParameter(parameters, `${layer}.conv.1.bias`);
  const shift = await loadParameter(parameters, `${layer}.bias`);
  return { weight, bias: reshape(bias, [3]), shift: reshape(shift, [3]) };
}

/** A ModulatedConv2d's weights `[1, outputs, inputs, k, k]` and the scale 1/√(inputs·k²). */
async function readModulated(parameters: Parameters, layer: string) {
  const name = `${layer}.conv.weight`;
  const data = await readParameter(parameters, name);
  const [, outputs = 0, inputs = 0, kernel = 0] = parameters.source.tensors.get(name)?.shape ?? [];
  return { data, size: { outputs, inputs, kernel }, scale: 1 / Math.sqrt(inputs * kernel ** 2) };
}

async function addModulation(parameters: Parameters, all: Modulations, layer: string, inputs: number) {
  all.weights.push(await readParameter(parameters, `${layer}.conv.modulation.weight`));
  all.biases.push(await readParameter(parameters, `${layer}.conv.modulation.bias`));
  all.inputs += inputs;
  return all.inputs - inputs;
}

/**
 * @param latent z = s_r + motion, `[batch, d]`.
 * @param features of `recordEncoder`, `[1, channels, r, r]`, r = 8 first: all frames share them. Stored as the weights
 *   are, and so are all pictures in between; flow and colours are f32, for in f16 a place in 512 pixels would be off by
 *   a quarter of one.
 * @returns the picture, `[batch, 3, S, S]`, about −1 … 1.
 */
export function recordDecoder(
  rec: Recorder,
  weights: DecoderWeights,
  latent: Tensor,
  features: readonly Tensor[],
): Tensor {
  const { modulation, levels } = weights;
  const values = linear(rec, latent, modulation.weight, { bias: modulation.bias, label: 'styles' });
  const styleOf = ({ styleOffset }: { styleOffset: number }): Style => ({ values, offset: styleOffset });

  const styledLayers = [weights.conv1, ...levels.flatMap(({ up, conv }) => [up, conv])];
  const scales = weights.squares && demodulations(rec, values, weights.squares, styledLayers);

  let h = styledConv(rec, weights.input, weights.conv1, styleOf(weights.conv1), {
    label: 'conv1',
    demodulated: scales?.[0],
  });
  tap(rec, 'conv1', h);
  let flow: Tensor | undefined;
  let rgb: Tensor | undefined;
  levels.forEach(({ up, conv, toFlow, toRgb }, k) => {
    const upName = `convs.${2 * k}`;
    const convName = `convs.${2 * k + 1}`;
    h = tap(
      rec,
      upName,
      styledConv(rec, h, up, styleOf(up), {
        upsample: true,
        label: upName,
        demodulated: scales?.[2 * k + 1],
      }),
    );
    h = tap(
      rec,
      convName,
      styledConv(rec, h, conv, styleOf(conv), { label: convName, demodulated: scales?.[2 * k + 2] }),
    );

    const flowName = `to_flows.${k}`;
    const ownFlow = pointwise(rec, h, toFlow.weight, {
      style: styleOf(toFlow),
      bias: toFlow.bias,
      label: flowName,
    });
    flow = tap(rec, `${flowName}.flow_raw`, addUpsampled(rec, ownFlow, flow));
    const field = flowGrid(rec, flow);
    tap(rec, `${flowName}.grid`, field.grid);
    tap(rec, `${flowName}.mask`, field.mask);
    const blendedName = `${flowName}.blended`;
    const needsBlended = k + 1 < levels.length || rec.wantsTap(blendedName);
    const { warped, blended } = warpBlend(rec, features[k]!, field, needsBlended ? h : undefined);
    tap(rec, `${flowName}.warped`, warped);
    if (blended) h = tap(rec, blendedName, blended);

    const ownRgb = pointwise(rec, warped, toRgb.weight, {
      bias: toRgb.bias,
      leaky: true,
      shift: toRgb.shift,
      label: `to_rgbs.${k}`,
    });
    rgb = tap(rec, `to_rgbs.${k}`, addUpsampled(rec, ownRgb, rgb));
  });
  if (!rgb) throw new Error('a decoder needs one level at least');
  return tap(rec, 'frame', rgb);
}

/** own + Upsample(previous), if there is a level before. */
function addUpsampled(rec: Recorder, own: Tensor, previous: Tensor | undefined): Tensor {
  if (!previous) return own;
  return upfirdn2d(rec, previous, { up: 2, gain: 4, pad: [2, 1], addend: own, label: own.label });
}
