import { crc32 } from 'node:zlib';

/**
 * Writes what `torch.save` writes, and what it never would: zip archives and pickles from their parts, for tests.
 */

export function concat(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts.map((part) => Uint8Array.from(part))));
}

export function little(value: number | bigint, bytes: 1 | 2 | 4 | 8): Uint8Array {
  const all = new DataView(new ArrayBuffer(8));
  all.setBigUint64(0, BigInt.asUintN(64, BigInt(value)), true);
  return new Uint8Array(all.buffer, 0, bytes);
}

const utf8 = (text: string) => new TextEncoder().encode(text);

/** Opcodes; each gives the bytes that leave one value on the stack, unless it says otherwise. */
export const op = {
  none: [0x4e],
  true: [0x88],
  false: [0x89],
  emptyTuple: [0x29],
  emptyList: [0x5d],
  emptyDict: [0x7d],
  mark: [0x28],
  int: (value: number) => concat([0x4a], little(value, 4)),
  /** Any integer. */
  long: (value: bigint) => {
    const bytes = [];
    for (let i = 0n; i < 10n; i++) bytes.push(Number((value >> (8n * i)) & 255n));
    return concat([0x8a, bytes.length], bytes);
  },
  float: (value: number) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value);
    return concat([0x47], new Uint8Array(view.buffer));
  },
  string: (text: string) => concat([0x58], little(utf8(text).length, 4), utf8(text)),
  tuple: (...items: readonly Uint8Array[]) => concat([0x28], ...items, [0x74]),
  list: (...items: readonly Uint8Array[]) => concat([0x5d, 0x28], ...items, [0x65]),
  /** Keys and values alternate. */
  dict: (...items: readonly Uint8Array[]) => concat([0x7d, 0x28], ...items, [0x75]),
  global: (module: string, name: string) => concat(utf8(`c${module}\n${name}\n`)),
  /** Calls a function with a tuple. */
  reduce: (callable: Uint8Array, args: Uint8Array) => concat(callable, args, [0x52]),
  persistent: (id: Uint8Array) => concat(id, [0x51]),
};

/** A whole pickle. */
export function pickled(value: Uint8Array | readonly number[]): Uint8Array<ArrayBuffer> {
  return concat([0x80, 2], value, [0x2e]);
}

export interface ZipOptions {
  /** Sizes and offsets in zip64 fields, and the directory's in a zip64 record. */
  readonly zip64?: boolean;
  /** 8 is deflate; the bytes given are written as they are. */
  readonly method?: number;
  readonly flags?: number;
  /** What the directory gives as the size before compression. */
  readonly size?: number;
  readonly comment?: string;
}

export function zipped(files: readonly (readonly [string, Uint8Array])[], options: ZipOptions = {}) {
  const { zip64 = false, method = 0, flags = 0, comment = '' } = options;
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [name, bytes] of files) {
    const title = utf8(name);
    const size = options.size ?? bytes.length;
    const common = concat(little(flags, 2), little(method, 2), little(0, 4), little(crc32(bytes), 4));
    const pad = new Uint8Array((64 - ((at + 34 + title.length) % 64)) % 64);
    const local = concat(
      [0x50, 0x4b, 3, 4, 20, 0],
      common,
      little(bytes.length, 4),
      little(size, 4),
      little(title.length, 2),
      little(pad.length + 4, 2),
      title,
      [0x46, 0x42],
      little(pad.length, 2),
      pad,
    );
    const wide = concat([1, 0, 24, 0], little(size, 8), little(bytes.length, 8), little(at, 8));
    const extra = zip64 ? wide : new Uint8Array();
    const narrow = (value: number) => little(zip64 ? 0xffffffff : value, 4);
    directory.push(
      concat(
        [0x50, 0x4b, 1, 2, 45, 0, 45, 0],
        common,
        narrow(bytes.length),
        narrow(size),
        little(title.length, 2),
        little(extra.length, 2),
        new Uint8Array(10),
        narrow(at),
        title,
        extra,
      ),
    );
    parts.push(local, bytes);
    at += local.length + bytes.length;
  }
  const list = concat(...directory);
  const count = little(files.length, 8);
  const record = concat([0x50, 0x4b, 6, 6], little(44, 8), [45, 0, 45, 0], new Uint8Array(8), count, count);
  const locator = concat([0x50, 0x4b, 6, 7], new Uint8Array(4), little(at + list.length, 8), [1, 0, 0, 0]);
  const end = concat(
    [0x50, 0x4b, 5, 6, 0, 0, 0, 0],
    little(zip64 ? 0xffff : files.length, 2),
    little(zip64 ? 0xffff : files.length, 2),
    little(zip64 ? 0xffffffff : list.length, 4),
    little(zip64 ? 0xffffffff : at, 4),
    little(comment.length, 2),
    utf8(comment),
  );
  const large = zip64 ? [record, little(list.length, 8), little(at, 8), locator] : [];
  return concat(...parts, list, ...large, end);
}

export interface WrittenTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
  /** In elements; row-major unless given. */
  readonly strides?: readonly number[];
  readonly offset?: number;
  /** The number of elements that the pickle gives its storage. */
  readonly count?: number;
}

/** `torch._utils._rebuild_tensor_v2(…)` for a tensor whose storage is called `key`. */
export function tensorOps(key: string, tensor: WrittenTensor, legacy = false): Uint8Array {
  const { shape, data, offset = 0, count = data.length } = tensor;
  const rowMajor = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
  const id = op.tuple(
    op.string('storage'),
    op.global('torch', 'FloatStorage'),
    op.string(key),
    op.string('cpu'),
    op.long(BigInt(count)),
    ...(legacy ? [Uint8Array.from(op.none)] : []),
  );
  const integers = (list: readonly number[]) => op.tuple(...list.map((value) => op.long(BigInt(value))));
  const hooks = op.reduce(op.global('collections', 'OrderedDict'), op.tuple());
  return op.reduce(
    op.global('torch._utils', '_rebuild_tensor_v2'),
    op.tuple(
      op.persistent(id),
      op.long(BigInt(offset)),
      integers(shape),
      integers(tensor.strides ?? rowMajor),
      Uint8Array.from(op.false),
      hooks,
    ),
  );
}

type Tensors = Readonly<Record<string, WrittenTensor>>;

function stateDict(tensors: Tensors, legacy = false): Uint8Array {
  const items = Object.entries(tensors).flatMap(([name, tensor], i) => [
    op.string(name),
    tensorOps(String(i), tensor, legacy),
  ]);
  return op.dict(...items);
}

const bytesOf = (data: Float32Array) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** A checkpoint as PyTorch 1.6 and later write it. */
export function torchArchive(tensors: Tensors, options: ZipOptions = {}, pickle = pickled(stateDict(tensors))) {
  const storages = Object.values(tensors).map(({ data }, i): [string, Uint8Array] => [
    `archive/data/${i}`,
    bytesOf(data),
  ]);
  return zipped([['archive/data.pkl', pickle], ...storages, ['archive/version', utf8('3\n')]], options);
}

const machine = op.dict(op.string('little_endian'), Uint8Array.from(op.true));

/** A checkpoint as PyTorch wrote it before. */
export function torchLegacy(tensors: Tensors, pickle = pickled(stateDict(tensors, true))) {
  const data = Object.values(tensors);
  return concat(
    pickled(op.long(0x1950a86a20f9469cfc6cn)),
    pickled(op.int(1001)),
    pickled(machine),
    pickle,
    pickled(op.list(...data.map((_, i) => op.string(String(i))))),
    ...data.flatMap((tensor) => [little(tensor.data.length, 8), bytesOf(tensor.data)]),
  );
}
