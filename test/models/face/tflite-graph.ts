import { byteField, intField, intsField, tableField, tablesField } from '../../../src/weights/flatbuffer.js';
import type { Table } from '../../../src/weights/flatbuffer.js';
import { parseTflite, tfliteFields } from '../../../src/weights/tflite.js';
import { toFloat32 } from '../../../src/weights/dtype.js';

/** NHWC, float64. */
interface Value {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** `BuiltinOperator` of the schema. */
const kinds: Readonly<Record<number, string>> = {
  0: 'ADD',
  2: 'CONCATENATION',
  3: 'CONV_2D',
  4: 'DEPTHWISE_CONV_2D',
  6: 'DEQUANTIZE',
  17: 'MAX_POOL_2D',
  19: 'RELU',
  22: 'RESHAPE',
  34: 'PAD',
};

/**
 * Interprets a `.tflite` graph operator by operator, in float64: what BlazeFace's file itself says the network is.
 *
 * @returns the graph's outputs by tensor name.
 */
export function interpretTflite(
  bytes: Uint8Array<ArrayBuffer>,
  image: ArrayLike<number>,
): Map<string, ArrayLike<number>> {
  const { model, subgraph, tensors } = parseTflite('graph', bytes);
  const codes = tablesField(model, tfliteFields.model.operatorCodes).map((code) =>
    Math.max(byteField(code, 0), intField(code, 3)),
  );
  const values = tensors.map(({ data, type, shape }): Value | undefined => {
    if (data.length === 0) return undefined;
    return { shape, data: toFloat32(data.slice(), (['F32', 'F16', 'I32'] as const)[type]!, 'tensor') };
  });
  const [only] = intsField(subgraph, tfliteFields.subgraph.inputs);
  values[only!] = { shape: tensors[only!]!.shape, data: image };
  for (const operator of tablesField(subgraph, tfliteFields.subgraph.operators)) {
    const kind = kinds[codes[intField(operator, 0)]!];
    const inputs = intsField(operator, 1).map((index) => values[index]!);
    const [result] = intsField(operator, 2);
    const { shape } = tensors[result!]!;
    values[result!] = { shape, data: apply(kind, inputs, shape, tableField(operator, 4)) };
  }
  const outputs = intsField(subgraph, tfliteFields.subgraph.outputs);
  return new Map(outputs.map((index) => [tensors[index]!.name, values[index]!.data]));
}

function apply(
  kind: string | undefined,
  inputs: Value[],
  shape: readonly number[],
  options: Table | undefined,
) {
  const [x, w, bias] = inputs as [Value, Value, Value];
  const count = shape.reduce((product, extent) => product * extent, 1);
  switch (kind) {
    case 'DEQUANTIZE':
    case 'RESHAPE':
      return x.data;
    case 'RELU':
      return Float64Array.from(x.data, (value) => Math.max(0, value));
    case 'ADD':
      return Float64Array.from(x.data, (value, at) => value + w.data[at]!);
    case 'CONCATENATION': // along the anchors, batch 1
      return Float64Array.from(inputs.flatMap(({ data }) => [...Array.from(data)]));
    case 'PAD': // channels only, after
      return Float64Array.from({ length: count }, (_, at) => {
        const [c, from] = [at % shape[3]!, x.shape[3]!];
        return c < from ? x.data[Math.floor(at / shape[3]!) * from + c]! : 0;
      });
    case 'MAX_POOL_2D':
      return window(x, shape, {
        ...geometry(options!, x, shape, intField(options!, 4)),
        start: () => -Infinity,
        step: (most, at, c) => Math.max(most, x.data[at + c]!),
      });
    case 'CONV_2D':
      return window(x, shape, {
        ...geometry(options!, x, shape, w.shape[1]!),
        start: (c) => bias.data[c]!,
        step: (sum, at, c, tap) => {
          const inputs = x.shape[3]!;
          const from = (c * w.shape[1]! * w.shape[2]! + tap) * inputs;
          for (let i = 0; i < inputs; i++) sum += x.data[at + i]! * w.data[from + i]!;
          return sum;
        },
      });
    case 'DEPTHWISE_CONV_2D':
      return window(x, shape, {
        ...geometry(options!, x, shape, w.shape[1]!),
        start: (c) => bias.data[c]!,
        step: (sum, at, c, tap) => sum + x.data[at + c]! * w.data[tap * shape[3]! + c]!,
      });
    default:
      throw new Error(`operator ${kind} is not interpreted`);
  }
}

interface Geometry {
  readonly kernel: number;
  readonly stride: number;
  readonly before: number;
}

/**
 * Square windows. The options of all three kinds begin with padding and strides. Padding 0 is SAME: as many zeros as
 * the output's size needs, the odd one after.
 */
function geometry(options: Table, x: Value, shape: readonly number[], kernel: number): Geometry {
  const same = byteField(options, 0) === 0;
  const stride = intField(options, 1);
  const zeros = Math.max(0, (shape[1]! - 1) * stride + kernel - x.shape[1]!);
  return { kernel, stride, before: same ? Math.floor(zeros / 2) : 0 };
}

/** Folds over the taps that lie inside the picture; `at` is where the pixel's channels begin. */
function window(
  x: Value,
  shape: readonly number[],
  {
    kernel,
    stride,
    before,
    start,
    step,
  }: Geometry & {
    start: (channel: number) => number;
    step: (value: number, at: number, channel: number, tap: number) => number;
  },
): Float64Array {
  const [, height = 0, width = 0, channels = 0] = shape;
  const [, inHeight = 0, inWidth = 0, inputs = 0] = x.shape;
  return Float64Array.from({ length: height * width * channels }, (_, position) => {
    const channel = position % channels;
    const column = (Math.floor(position / channels) % width) * stride - before;
    const row = Math.floor(position / (channels * width)) * stride - before;
    let value = start(channel);
    for (let tap = 0; tap < kernel ** 2; tap++) {
      const [y, at] = [row + Math.floor(tap / kernel), column + (tap % kernel)];
      if (y < 0 || y >= inHeight || at < 0 || at >= inWidth) continue;
      value = step(value, (y * inWidth + at) * inputs, channel, tap);
    }
    return value;
  });
}
