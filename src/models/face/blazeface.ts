import { conv2d } from '../../ops/conv2d.js';
import type { ConvWeight } from '../../ops/conv-weight.js';
import { packWeight } from '../../ops/conv-weight.js';
import { depthwiseConv2d } from '../../ops/depthwise-conv2d.js';
import { shortcut } from '../../ops/shortcut.js';
import { InputError } from '../../base/errors.js';
import type { Gpu } from '../../runtime/gpu.js';
import { compilePlan, readOutputs, runPlan, writeInput } from '../../runtime/plan.js';
import type { Recorder } from '../../runtime/recorder.js';
import { input, output } from '../../runtime/recorder.js';
import { building, closeScope } from '../../runtime/scope.js';
import type { Tensor } from '../../runtime/tensor.js';
import { formatShape, tensorInfo } from '../../weights/source.js';
import type { WeightSource } from '../../weights/source.js';
import { anchorCount, grids, inputSide, valuesPerAnchor } from './blazeface-boxes.js';
import type { Parameters } from '../parameters.js';
import { addParameter, loadParameter, openParameters, readParameter } from '../parameters.js';

/**
 * BlazeFace, short range (Bazarevsky et al. 2019, arXiv 1907.05047): a face detector of 100,000 weights. A 5×5
 * convolution, then sixteen blocks of a 3×3 depthwise and a 1×1 convolution around a shortcut; scores and boxes are
 * read off the last 16×16 and the last 8×8 picture. Weight names are those of `face_detection_short_range.tflite`.
 */
export interface BlazeFaceWeights {
  readonly first: Conv;
  readonly blocks: readonly { depthwise: Depthwise; pointwise: Conv }[];
  /** For each grid: the layers that give scores and boxes. */
  readonly heads: readonly { scores: Conv; boxes: Conv }[];
}

interface Conv {
  readonly weight: ConvWeight;
  readonly bias: Tensor;
}

interface Depthwise {
  /** `[channels, 3, 3]`. */
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/** Blocks that halve the picture: 64 → 32 → 16 → 8. */
const halving: readonly number[] = [2, 5, 11];
const blockCount = 16;
/** The block whose output is the last of 16×16; that of 8×8 is the last of all. */
const fineBlock = 10;

/** The input has a row and a column of zeros more: TensorFlow pads a stride-2 convolution by 1 before and 2 after. */
const paddedSide = inputSide + 1;

async function loadBlazeFace(parameters: Parameters): Promise<BlazeFaceWeights> {
  const numbered = (layer: string, k: number) => (k === 0 ? layer : `${layer}_${k}`);
  const first = await loadConv(parameters, 'conv2d');
  const blocks = [];
  for (let k = 0, channels = first.weight.outputs; k < blockCount; k++) {
    const depthwise = await loadDepthwise(parameters, numbered('depthwise_conv2d', k), channels);
    const pointwise = await loadConv(parameters, `conv2d_${k + 1}`);
    blocks.push({ depthwise, pointwise });
    channels = pointwise.weight.outputs;
  }
  const heads = [];
  for (const { side, anchors } of grids) {
    const stride = inputSide / side;
    heads.push({
      scores: await loadConv(parameters, `classificator_${stride}`, anchors),
      boxes: await loadConv(parameters, `regressor_${stride}`, anchors * valuesPerAnchor),
    });
  }
  return { first, blocks, heads };
}

/**
 * A convolution: `Kernel [outputs, ky, kx, inputs]`, which becomes PyTorch's `[outputs, inputs, ky, kx]`, and `Bias`.
 */
async function loadConv(parameters: Parameters, layer: string, expected?: number): Promise<Conv> {
  const name = `${layer}/Kernel`;
  const { shape } = tensorInfo(parameters.source, name);
  const [outputs = 0, kernel = 0, across = 0, inputs = 0] = shape;
  if (shape.length !== 4 || kernel !== across || (expected !== undefined && outputs !== expected)) {
    throw new InputError(`${parameters.source.name}: unexpected shape ${formatShape(shape)} of ${name}`);
  }
  const data = await readParameter(parameters, name);
  const taps = kernel ** 2;
  const reordered = data.map((_, at) => {
    const [o, i, tap] = [Math.floor(at / (inputs * taps)), Math.floor(at / taps) % inputs, at % taps];
    return data[(o * taps + tap) * inputs + i] ?? 0;
  });
  const packed = packWeight(reordered, { outputs, inputs, kernel });
  const weight = { tensor: addParameter(parameters, name, packed.shape, packed.data), outputs };
  return { weight, bias: await loadParameter(parameters, `${layer}/Bias`) };
}

/** A depthwise convolution: `Kernel [1, 3, 3, channels]`, which becomes `[channels, 3, 3]`, and `Bias`. */
async function loadDepthwise(parameters: Parameters, layer: string, channels: number): Promise<Depthwise> {
  const name = `${layer}/Kernel`;
  const { shape } = tensorInfo(parameters.source, name);
  if (String(shape) !== String([1, 3, 3, channels])) {
    throw new InputError(`${parameters.source.name}: unexpected shape ${formatShape(shape)} of ${name}`);
  }
  const data = await readParameter(parameters, name);
  const reordered = data.map((_, at) => data[(at % 9) * channels + Math.floor(at / 9)] ?? 0);
  const weight = addParameter(parameters, name, [channels, 3, 3], reordered);
  return { weight, bias: await loadParameter(parameters, `${layer}/Bias`) };
}

/**
 * @param image `[1, 3, 129, 129]` in −1 … 1, last row and column 0.
 * @returns for each grid scores `[1, anchors, side, side]` and boxes `[1, anchors·16, side, side]`.
 */
function recordBlazeFace(rec: Recorder, { first, blocks, heads }: BlazeFaceWeights, image: Tensor) {
  let x = shortcut(rec, conv2d(rec, image, first.weight, { stride: 2, padding: 1, bias: first.bias }));
  const features: Tensor[] = [];
  blocks.forEach(({ depthwise, pointwise }, k) => {
    const stride = halving.includes(k) ? 2 : 1;
    // TensorFlow's SAME for 3×3: even sides halved need a zero only below and to the right.
    const padding = stride === 2 ? ([0, 1] as const) : ([1, 1] as const);
    const spread = depthwiseConv2d(rec, x, depthwise.weight, { bias: depthwise.bias, stride, padding });
    const mixed = conv2d(rec, spread, pointwise.weight, { bias: pointwise.bias });
    x = shortcut(rec, mixed, x, stride);
    if (k === fineBlock || k === blockCount - 1) features.push(x);
  });
  return heads.map(({ scores, boxes }, grid) => {
    const feature = features[grid] ?? x;
    return {
      scores: conv2d(rec, feature, scores.weight, { bias: scores.bias }),
      boxes: conv2d(rec, feature, boxes.weight, { bias: boxes.bias }),
    };
  });
}

export interface BlazeFace {
  /**
   * @param image `[3, 128, 128]` in −1 … 1.
   * @returns for `decodeFaces`: scores `[896]` and values `[896, 16]`.
   */
  run(image: ArrayLike<number>): Promise<{ scores: Float32Array; values: Float32Array }>;
  destroy(): void;
}

/** @throws InputError if `source` has not BlazeFace's weights. */
export function createBlazeFace(gpu: Gpu, source: WeightSource): Promise<BlazeFace> {
  return building(async (scope) => {
    const weights = await loadBlazeFace(openParameters(scope, gpu, source));
    const record = (rec: Recorder) => {
      const image = input(rec, 'image', [1, 3, paddedSide, paddedSide]);
      recordBlazeFace(rec, weights, image).forEach(({ scores, boxes }, grid) => {
        output(rec, `scores.${grid}`, scores);
        output(rec, `boxes.${grid}`, boxes);
      });
    };
    const plan = await compilePlan(gpu, 'blazeface', record, { within: scope });
    return {
      async run(image) {
        writeInput(plan, 'image', padded(image));
        runPlan(plan);
        const outputs = await readOutputs(plan, [...plan.outputs.keys()]);
        const scores = new Float32Array(anchorCount);
        const values = new Float32Array(anchorCount * valuesPerAnchor);
        let first = 0;
        grids.forEach(({ side, anchors }, grid) => {
          toAnchors(outputs[`scores.${grid}`]!, side ** 2, scores.subarray(first));
          toAnchors(outputs[`boxes.${grid}`]!, side ** 2, values.subarray(first * valuesPerAnchor));
          first += side ** 2 * anchors;
        });
        return { scores, values };
      },
      destroy: () => closeScope(scope),
    };
  });
}

function padded(image: ArrayLike<number>): Float32Array<ArrayBuffer> {
  const target = new Float32Array(3 * paddedSide ** 2);
  for (let at = 0; at < 3 * inputSide ** 2; at++) {
    const row = Math.floor(at / inputSide) % inputSide;
    const channel = Math.floor(at / inputSide ** 2);
    target[(channel * paddedSide + row) * paddedSide + (at % inputSide)] = image[at] ?? 0;
  }
  return target;
}

/** `[channels, cells]` to `[cells, channels]`: the anchors of a cell lie together. */
function toAnchors(planes: Float32Array, cells: number, target: Float32Array): void {
  const channels = planes.length / cells;
  for (let at = 0; at < planes.length; at++)
    target[(at % cells) * channels + Math.floor(at / cells)] = planes[at]!;
}
