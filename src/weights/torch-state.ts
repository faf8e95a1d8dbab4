import { InputError } from '../base/errors.js';
import { dtypeBytes, toFloat32 } from './dtype.js';
import { quote } from './json.js';
import { isContainer, isInert, type PickleContainer } from './pickle.js';
import { elementCount, type WeightSource } from './source.js';
import { checkTensor, isTensor, type Storage, type StridedTensor } from './torch-values.js';

/** Bytes `from` to `from + count` of a storage. */
export type ReadStorage = (storage: Storage, from: number, count: number) => Promise<Uint8Array<ArrayBuffer>>;

/** Under these keys training scripts keep the weights. A name is spared the key if nothing lies beside it. */
const wrappers = ['state_dict', 'model_state_dict', 'model', 'module', 'net', 'generator', 'gen', 'ema', 'params'];

/** Dictionaries in dictionaries: no checkpoint has more. */
const maxDepth = 8;

/**
 * All tensors of a checkpoint, wherever in its dictionaries they lie. A name is the keys on the way to the tensor, with
 * dots between, as for modules: `{state_dict: {"fmt.x": …}, step: …}` holds `state_dict.fmt.x` and `step`. Other things
 * are left out.
 *
 * @param root what the checkpoint's pickle holds.
 * @throws InputError if there are none, or a tensor exceeds its storage.
 */
export function torchWeights(root: unknown, fileName: string, readStorage: ReadStorage): WeightSource {
  if (!isContainer(root, 'dict')) throw new InputError(`${fileName}: expected a dictionary of tensors`);
  const found: Found[] = [];
  const objects: string[] = [];
  collect(root, [], { found, objects }, new Set());
  if (found.length === 0 && root.items.length > 0) {
    throw new InputError(`${fileName}: expected a dictionary of tensors, but there is none in it`);
  }
  const tensors = new Map<string, StridedTensor>();
  for (const { path, tensor } of unwrapped(found)) {
    const name = path.join('.');
    checkTensor(tensor, `${fileName}: tensor ${quote(name)}`);
    tensors.set(name, tensor);
  }
  const notes = objects.length > 0 ? [`${fileName}: left out what is no weights: ${listed(objects)}`] : [];
  return {
    name: fileName,
    tensors,
    notes,
    async read(name) {
      const tensor = tensors.get(name);
      if (!tensor) throw new InputError(`${fileName}: there is no tensor ${quote(name)}`);
      return readTensor(tensor, `${fileName}: tensor ${quote(name)}`, readStorage);
    },
  };
}

function listed(names: readonly string[]): string {
  return names.slice(0, 3).join(', ') + (names.length > 3 ? ', …' : '');
}

interface Found {
  readonly path: readonly string[];
  readonly tensor: StridedTensor;
}

interface Collected {
  readonly found: Found[];
  /** What is neither weights nor a number or text: where it lies, and its class. */
  readonly objects: string[];
}

/** Numbers, sets, states of random numbers: nobody looks for these. */
function isSmall(name: string): boolean {
  return !/^(argparse|types|easydict|omegaconf|yacs)\./.test(name);
}

/** A container that is met twice is entered once, so that no file makes work without end. */
function collect(value: PickleContainer, path: readonly string[], into: Collected, seen: Set<unknown>): void {
  if (seen.has(value) || path.length === maxDepth) return;
  seen.add(value);
  for (const [key, item] of entries(value)) {
    if (typeof key !== 'string' && typeof key !== 'number') continue;
    const at = [...path, String(key)];
    if (isTensor(item)) into.found.push({ path: at, tensor: item });
    else if (isInert(item) && !isSmall(item.name)) into.objects.push(`${quote(at.join('.'))} (${item.name})`);
    else if (isContainer(item, 'dict') || isContainer(item, 'list') || isContainer(item, 'tuple')) {
      collect(item, at, into, seen);
    }
  }
}

/** Of equal keys the last one counts. */
function entries({ kind, items }: PickleContainer): Iterable<[unknown, unknown]> {
  if (kind !== 'dict') return items.entries();
  const pairs = new Map<unknown, unknown>();
  for (let i = 0; i < items.length; i += 2) pairs.set(items[i], items[i + 1]);
  return pairs;
}

function unwrapped(found: readonly Found[]): readonly Found[] {
  const [first] = found[0]?.path ?? [];
  const shared = first !== undefined && wrappers.includes(first);
  if (!shared || !found.every(({ path }) => path[0] === first && path.length > 1)) return found;
  return unwrapped(found.map(({ path, tensor }) => ({ path: path.slice(1), tensor })));
}

/** The elements of a tensor in row-major order. Reads the stretch of its storage from its first element to its last. */
async function readTensor(
  tensor: StridedTensor,
  what: string,
  readStorage: ReadStorage,
): Promise<Float32Array<ArrayBuffer>> {
  const { storage, dtype, shape, strides, offset } = tensor;
  const count = elementCount(shape);
  if (count === 0) return new Float32Array(0);
  const size = dtypeBytes[dtype];
  const span = 1 + shape.reduce((sum, length, i) => sum + (length - 1) * strides[i]!, 0);
  const stretch = toFloat32(await readStorage(storage, offset * size, span * size), dtype, what);
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
