import { InputError } from '../base/errors.js';
import { dtypeBytes } from './dtype.js';
import { isContainer, isGlobal, unpickle, type PickleContainer, type PickleGlobal } from './pickle.js';
import { quote } from './json.js';
import { elementCount, formatShape, type DType } from './source.js';

/** A run of elements that tensors are views of, as a pickle mentions it. */
export interface Storage {
  readonly kind: 'storage';
  /** What it is called in the file. */
  readonly key: string;
  readonly dtype: DType;
  /** In elements. */
  readonly count: number;
}

/**
 * A view of a storage: element (i, j, …) of the tensor is element offset + i · strides[0] + j · strides[1] + … of it.
 */
export interface StridedTensor {
  readonly kind: 'tensor';
  readonly storage: Storage;
  /** Of the tensor's elements, which the storage may know as mere bytes. */
  readonly dtype: DType;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** The classes a storage may have. */
const storageTypes: Readonly<Record<string, DType>> = {
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  DoubleStorage: 'F64',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
  ComplexFloatStorage: 'C64',
  ComplexDoubleStorage: 'C128',
  QInt8Storage: 'QI8',
  QUInt8Storage: 'QU8',
  QInt32Storage: 'QI32',
  UntypedStorage: 'U8',
};

/** PyTorch's names of kinds, as tensors in bytes (`UntypedStorage`) mention them. */
const dtypes: Readonly<Record<string, DType>> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  float8_e4m3fn: 'F8_E4M3',
  float8_e5m2: 'F8_E5M2',
  float8_e8m0fnu: 'F8_E8M0',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint64: 'U64',
  uint32: 'U32',
  uint16: 'U16',
  uint8: 'U8',
  bool: 'BOOL',
  complex64: 'C64',
  complex128: 'C128',
};

/**
 * What training scripts keep beside the weights, and what says nothing about them: the state of random number
 * generators in NumPy, sets, counters, devices. Calls of these give an empty stand-in, whatever the arguments.
 */
const inert: readonly string[] = [
  ...['numpy.core.multiarray', 'numpy._core.multiarray'].flatMap((module) => [
    `${module}._reconstruct`,
    `${module}.scalar`,
  ]),
  ...['ndarray', 'dtype', 'dtypes.Float64DType', 'dtypes.Int64DType'].map((name) => `numpy.${name}`),
  '_codecs.encode',
  ...['builtins', '__builtin__'].flatMap((module) => [`${module}.set`, `${module}.bytearray`, `${module}.complex`]),
  'collections.Counter',
  'collections.deque',
  'torch.device',
  'torch.serialization._get_layout',
  'torch._utils._rebuild_sparse_tensor',
  'torch._utils._rebuild_meta_tensor_no_storage',
  ...['per_tensor_affine', 'per_channel_affine', 'per_tensor_symmetric', 'per_channel_symmetric'].map(
    (name) => `torch.${name}`,
  ),
  'torch.Tensor',
  'torch.nn.parameter.Parameter',
];

/** Classes whose instances hold options, paths and figures of a training run. Stand-ins too; they are told by name. */
const optionClasses: readonly string[] = [
  'argparse.Namespace',
  'types.SimpleNamespace',
  'easydict.EasyDict',
  'omegaconf.dictconfig.DictConfig',
  'omegaconf.listconfig.ListConfig',
  ...['ContainerMetadata', 'Metadata', 'SCMode'].map((name) => `omegaconf.base.${name}`),
  ...['AnyNode', 'BooleanNode', 'FloatNode', 'IntegerNode', 'StringNode'].map((name) => `omegaconf.nodes.${name}`),
  'typing.Any',
  'yacs.config.CfgNode',
  ...['PosixPath', 'PurePosixPath', 'PureWindowsPath', 'WindowsPath'].flatMap((name) => [
    `pathlib.${name}`,
    `pathlib._local.${name}`,
  ]),
  ...['date', 'datetime', 'timedelta', 'timezone'].map((name) => `datetime.${name}`),
  ...['bool_', 'float16', 'float32', 'float64', 'int32', 'int64', 'uint8'].map((name) => `numpy.${name}`),
  ...['Bool', 'Float16', 'Float32', 'Int32', 'UInt8'].map((name) => `numpy.dtypes.${name}DType`),
];

/** Protocol 1's way to make an instance: (class, base class, state). */
const reconstructors = ['copyreg._reconstructor', 'copy_reg._reconstructor'];

/** Base classes that it names. */
const baseClasses = ['builtins', '__builtin__'].flatMap((module) =>
  ['object', 'dict', 'list'].map((name) => `${module}.${name}`),
);

/**
 * One of the pickles that `torch.save` writes: tensors, and what plain data they are kept in.
 * @param what names it in messages.
 * @returns the value, the offset after the pickle, and every storage it mentions, by key.
 */
export function unpickleTensors(bytes: Uint8Array, what: string) {
  const storages = new Map<string, Storage>();
  const persistent = (id: unknown): Storage => {
    const storage = parseStorage(id, what);
    const other = storages.get(storage.key);
    if (other && (other.dtype !== storage.dtype || other.count !== storage.count)) {
      throw new InputError(`${what}: damaged pickle: storage ${quote(storage.key)} has two sizes`);
    }
    storages.set(storage.key, storage);
    return storage;
  };
  return { ...unpickle(bytes, { what, globals: allowed(what), persistent }), storages };
}

/** Everything that a checkpoint may call or mention. */
function allowed(what: string): ReadonlyMap<string, PickleGlobal> {
  const functions: Record<string, (args: readonly unknown[]) => unknown> = {
    'collections.OrderedDict': (args) => orderedDict(args, what),
    'torch._utils._rebuild_tensor': (args) => rebuildTensor(args, what),
    'torch._utils._rebuild_tensor_v2': (args) => rebuildTensor(args, what),
    'torch._utils._rebuild_tensor_v3': (args) => rebuildTensor(args, what, args[6]),
    'torch._utils._rebuild_qtensor': (args) => rebuildTensor(args, what),
    'torch._utils._rebuild_parameter': (args) => rebuildParameter(args, what),
    'torch._utils._rebuild_parameter_with_state': (args) => rebuildParameter(args, what),
    'torch._tensor._rebuild_from_type_v2': (args) => rebuildFromType(args, what),
    'torch.Size': (args) => args[0],
  };
  functions['collections.defaultdict'] = () => ({ kind: 'dict', items: [] });
  for (const name of [...inert, ...optionClasses]) functions[name] = () => ({ kind: 'inert', name });
  for (const name of reconstructors) {
    functions[name] = ([of]) => {
      if (!isGlobal(of) || !of.isClass) throw wrongArguments(name, what);
      return { kind: 'inert', name: of.name };
    };
  }
  const list: PickleGlobal[] = Object.entries(functions).map(([name, call]) => ({
    kind: 'global',
    name,
    call,
    ...(optionClasses.includes(name) && { isClass: true }),
  }));
  for (const name of baseClasses) list.push({ kind: 'global', name });
  for (const type of Object.keys(storageTypes)) list.push({ kind: 'global', name: `torch.${type}` });
  for (const dtype of Object.keys(dtypes)) list.push({ kind: 'global', name: `torch.${dtype}` });
  list.push({ kind: 'global', name: 'torch.storage.UntypedStorage' });
  return new Map(list.map((entry) => [entry.name, entry]));
}

/** `OrderedDict()`, filled later, or Python 2's `OrderedDict([[key, value], …])`. */
function orderedDict(args: readonly unknown[], what: string): PickleContainer {
  const items: unknown[] = [];
  const [pairs] = args;
  if (pairs !== undefined && !isContainer(pairs, 'list')) throw wrongArguments('collections.OrderedDict', what);
  for (const pair of pairs?.items ?? []) {
    const isPair = isContainer(pair, 'list') || isContainer(pair, 'tuple');
    if (!isPair || pair.items.length !== 2) throw wrongArguments('collections.OrderedDict', what);
    items.push(...pair.items);
  }
  return { kind: 'dict', items };
}

/**
 * (storage, offset, shape, strides, …): the rest concerns gradients. `kind` is PyTorch's name of the elements' kind.
 */
function rebuildTensor(args: readonly unknown[], what: string, kind?: unknown): StridedTensor {
  const [storage, offset, shape, strides] = args;
  if (!isStorage(storage) || !isCount(offset) || !isCounts(shape) || !isCounts(strides)) {
    throw wrongArguments('torch._utils._rebuild_tensor', what);
  }
  if (shape.items.length > 16 || shape.items.length !== strides.items.length) {
    throw wrongArguments('torch._utils._rebuild_tensor', what);
  }
  const dtype = kind === undefined ? storage.dtype : isGlobal(kind) ? dtypes[kind.name.slice(6)] : undefined;
  if (dtype === undefined) throw wrongArguments('torch._utils._rebuild_tensor_v3', what);
  return { kind: 'tensor', storage, dtype, offset, shape: shape.items, strides: strides.items };
}

/** (function, type, arguments, state): a tensor that has attributes of its own, which are dropped. */
function rebuildFromType(args: readonly unknown[], what: string): StridedTensor {
  const [build, , of] = args;
  if (!isGlobal(build) || !/^torch\._utils\._rebuild_/.test(build.name) || !isContainer(of, 'tuple')) {
    throw wrongArguments('torch._tensor._rebuild_from_type_v2', what);
  }
  return rebuildParameter([build.call?.(of.items)], what);
}

/** (tensor, …): a parameter is a tensor that is trained. */
function rebuildParameter(args: readonly unknown[], what: string): StridedTensor {
  const [tensor] = args;
  if (!isTensor(tensor)) throw wrongArguments('torch._utils._rebuild_parameter', what);
  return tensor;
}

/** ('storage', class, key, device, number of elements), in the old format with a view of another storage or None. */
function parseStorage(id: unknown, what: string): Storage {
  const [tag, type, key, , count, view] = isContainer(id, 'tuple') ? id.items : [];
  const name = typeof type === 'object' && type !== null && 'name' in type ? String(type.name) : '';
  const dtype = storageTypes[name.replace(/^torch\.(storage\.)?/, '')];
  if (tag !== 'storage' || typeof key !== 'string' || !isCount(count) || dtype === undefined) {
    throw new InputError(`${what}: expected only storages of tensors outside the pickle`);
  }
  if (view !== undefined && view !== null) {
    throw new InputError(`${what}: storage ${quote(key)} is a view of another; save it anew with PyTorch 0.4 or later`);
  }
  return { kind: 'storage', key, dtype, count };
}

/**
 * Throws unless all elements of a tensor lie in its storage, and are not more than the storage has: strides that repeat
 * elements could make a file of bytes ask for any amount of memory.
 */
export function checkTensor(tensor: StridedTensor, what: string): void {
  const { shape, strides, offset, storage } = tensor;
  const count = elementCount(shape);
  if (count === 0) return;
  const last = shape.reduce((sum, size, i) => sum + (size - 1) * strides[i]!, offset);
  const held = Math.floor((storage.count * dtypeBytes[storage.dtype]) / dtypeBytes[tensor.dtype]);
  if (!(last < held && count <= held)) {
    throw new InputError(
      `${what}: shape ${formatShape(shape)} with strides ${formatShape(strides)} from element ${offset} does not fit its ` +
        `storage of ${held} elements`,
    );
  }
}

function wrongArguments(name: string, what: string): InputError {
  return new InputError(`${what}: damaged pickle: ${name} with other arguments than PyTorch writes`);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCounts(value: unknown): value is PickleContainer & { items: number[] } {
  return (isContainer(value, 'tuple') || isContainer(value, 'list')) && value.items.every(isCount);
}

function isStorage(value: unknown): value is Storage {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'storage';
}

export function isTensor(value: unknown): value is StridedTensor {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'tensor';
}
