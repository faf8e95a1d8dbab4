import { InputError } from '../base/errors.js';
import { dtypeBytes, toFloat32 } from './dtype.js';
import type { Table } from './flatbuffer.js';
import { bytesField, byteField, intField, intsField, openFlatBuffer, tablesField, textField } from './flatbuffer.js'; // prettier-ignore
import type { ByteSource, DType, TensorInfo, WeightSource } from './source.js';
import { elementCount, formatShape, tensorInfo } from './source.js';

/** A file larger than this is no small detector: it is read as a whole. */
const mostBytes = 2 ** 26;

/** `TensorType` of TensorFlow Lite's schema, as far as we read it. Quantised kinds are left out. */
const kinds: Readonly<Record<number, DType>> = { 0: 'F32', 1: 'F16', 2: 'I32' };

/**
 * The fields of TensorFlow Lite's schema (tensorflow/lite/schema/schema.fbs, Apache-2.0) in use here, by number.
 */
export const tfliteFields = {
  model: { operatorCodes: 1, subgraphs: 2, buffers: 4 },
  subgraph: { tensors: 0, inputs: 1, outputs: 2, operators: 3 },
  tensor: { shape: 0, type: 1, buffer: 2, name: 3 },
  buffer: { data: 0 },
} as const;

/** The one graph of a `.tflite` file. */
export interface TfliteGraph {
  readonly model: Table;
  readonly subgraph: Table;
  /** In the order by which operators refer to them. */
  readonly tensors: readonly TfliteTensor[];
}

export interface TfliteTensor {
  readonly name: string;
  /** `TensorType`: 0 float32, 1 float16, 2 int32. */
  readonly type: number;
  readonly shape: readonly number[];
  /** Empty for tensors that are computed. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** @throws InputError if the file is no TensorFlow Lite model, or damaged. */
export function parseTflite(name: string, bytes: Uint8Array<ArrayBuffer>): TfliteGraph {
  const model = openFlatBuffer(name, bytes, 'TFL3');
  const [subgraph, ...others] = tablesField(model, tfliteFields.model.subgraphs);
  if (!subgraph || others.length > 0) throw new InputError(`${name}: expected a model of one graph`);
  const buffers = tablesField(model, tfliteFields.model.buffers);
  const tensors = tablesField(subgraph, tfliteFields.subgraph.tensors).map((table): TfliteTensor => {
    const tensor = textField(table, tfliteFields.tensor.name);
    const shape = intsField(table, tfliteFields.tensor.shape);
    if (shape.length > 8) throw new InputError(`${name}: ${tensor} has ${shape.length} axes, expected at most 8`);
    const buffer = buffers[intField(table, tfliteFields.tensor.buffer)];
    if (!buffer) throw new InputError(`${name}: ${tensor} has no buffer`);
    const data = bytesField(buffer, tfliteFields.buffer.data);
    return { name: tensor, type: byteField(table, tfliteFields.tensor.type), shape, data };
  });
  return { model, subgraph, tensors };
}

/**
 * The weights of a TensorFlow Lite model under their names, in its layouts: convolutions `[outputs, ky, kx, inputs]`,
 * depthwise ones `[1, ky, kx, channels]`. float32, float16 and int32 tensors only.
 *
 * @throws InputError if the file is no TensorFlow Lite model, or damaged.
 */
export async function openTflite(file: ByteSource): Promise<WeightSource> {
  if (file.size > mostBytes) {
    throw new InputError(`${file.name}: ${file.size} bytes, expected a TensorFlow Lite model below 64 MiB`);
  }
  const graph = parseTflite(file.name, await file.read(0, file.size));
  const infos = new Map<string, TensorInfo>();
  const data = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const tensor of graph.tensors) {
    const dtype = kinds[tensor.type];
    if (!dtype || tensor.data.length === 0) continue;
    const where = `${file.name}: tensor ${tensor.name}${formatShape(tensor.shape)}`;
    if (infos.has(tensor.name)) throw new InputError(`${where} occurs twice`);
    const bytes = elementCount(tensor.shape) * dtypeBytes[dtype];
    if (tensor.shape.some((extent) => extent < 0) || bytes !== tensor.data.length) {
      throw new InputError(`${where} of ${dtype} has ${tensor.data.length} bytes, expected ${bytes}`);
    }
    infos.set(tensor.name, { dtype, shape: tensor.shape });
    data.set(tensor.name, tensor.data);
  }
  const source: WeightSource = {
    name: file.name,
    tensors: infos,
    // eslint-disable-next-line @typescript-eslint/require-await -- errors must be rejections, as from a file
    async read(name) {
      const { dtype } = tensorInfo(source, name);
      return toFloat32(data.get(name)?.slice() ?? new Uint8Array(), dtype, `${file.name}: ${name}`);
    },
  };
  return source;
}
