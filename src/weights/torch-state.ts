import { InputError } from '../base/errors.js';
import { dtypeBytes, toFloat32 } from './dtype.js';
import { quote } from './json.js';
import { isContainer, type PickleContainer } from './pickle.js';
import { elementCount, type WeightSource } from './source.js';
import { checkTensor, isTensor, type Storage, type StridedTensor } from './torch-values.js';

/** Bytes `from` to `from + count` of a storage. */
export type ReadStorage = (storage: Storage, from: number, count: number) => Promise<Uint8Array<ArrayBuffer>>;

/** Under these keys, training scripts keep the weights beside other things. */
const wrappers = ['state_dict', 'model_state_dict', 'model'];

/**
 * The tensors of a state dictionary, which may lie in a dictionary under one of `wrappers`. Numbers and strings beside
 * them are left out.
 *
 * @param root what the checkpoint's pickle holds.
 * @throws InputError if that is something else, or a tensor exceeds its storage.
 */
export function torchWeights(root: unknown, fileName: string, readStorage: ReadStorage): WeightSource {
  const state = findState(root, fileName);
  const tensors = new Map<string, StridedTensor & { dtype: Storage['dtype'] }>();
  for (const [name, value] of entries(state)) {
    if (!isTensor(value)) continue;
    if (typeof name !== 'string') throw new InputError(`${fileName}: expected names of tensors to be strings`);
    checkTensor(value, `${fileName}: tensor ${quote(name)}`);
    tensors.set(name, { ...value, dtype: value.storage.dtype });
  }
  return {
    name: fileName,
    tensors,
    async read(name) {
      const tensor = tensors.get(name);
      if (!tensor) throw new InputError(`${fileName}: there is no tensor ${quote(name)}`);
      return readTensor(tensor, `${fileName}: tensor ${quote(name)}`, readStorage);
    },
  };
}

function* entries({ items }: PickleContainer): Iterable<[unknown, unknown]> {
  for (let i = 0; i < items.length; i += 2) yield [items[i], items[i + 1]];
}

function findState(root: unknown, fileName: string): PickleContainer {
  if (isContainer(root, 'dict')) {
    const values = [...entries(root)];
    if (values.some(([, value]) => isTensor(value)) || values.length === 0) return root;
    for (const wrapper of wrappers) {
      const inner = values.findLast(([key]) => key === wrapper)?.[1];
      if (isContainer(inner, 'dict')) return inner;
    }
  }
  throw new InputError(
    `${fileName}: expected a dictionary of tensors, or one under ${wrappers.map(quote).join(', ')}`,
  );
}

/** The elements of a tensor in row-major order. Reads the stretch of its storage from its first element to its last. */
async function readTensor(
  tensor: StridedTensor,
  what: string,
  readStorage: ReadStorage,
): Promise<Float32Array<ArrayBuffer>> {
  const { storage, shape, strides, offset } = tensor;
  const count = elementCount(shape);
  if (count === 0) return new Float32Array(0);
  const size = dtypeBytes[storage.dtype];
  const span = 1 + shape.reduce((sum, length, i) => sum + (length - 1) * strides[i]!, 0);
  const stretch = toFloat32(await readStorage(storage, offset * size, span * size), storage.dtype, what);
  return isContiguous(shape, strides) ? stretch : gather(stretch, shape, strides);
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1 && strides[i] !== step) return false;
    step *= shape[i]!;
  }
  return true;
}

function gather(stretch: Float32Array, shape: readonly number[], strides: readonly number[]) {
  const values = new Float32Array(elementCount(shape));
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < values.length; to++) {
    values[to] = stretch[from]!;
    // The next index, last axis fastest; an axis that is through falls back to 0 and moves the one before it.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return values;
}
