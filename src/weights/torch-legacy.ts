import { InputError } from '../base/errors.js';
import { dtypeBytes } from './dtype.js';
import { quote } from './json.js';
import { isContainer, PickleCutShort } from './pickle.js';
import type { ByteSource, WeightSource } from './source.js';
import { torchWeights } from './torch-state.js';
import { unpickleTensors, type Storage } from './torch-values.js';

/** The first pickle of a file holds this number, the second one 1001, the version of the format. */
const magic = 0x1950a86a20f9469cfc6cn;
const version = 1001;

/** What the pickles before the tensors take at most; and how much of the file is tried first. */
const maxPickleBytes = 2 ** 24;
const firstBytes = 2 ** 20;

/**
 * Opens what `torch.save` wrote before PyTorch 1.6 and still writes on request: pickles of a magic number, the format's
 * version, the machine's properties, the object, and the keys of its storages; then the storages in that order, each
 * its number of elements (64 bits) and the elements.
 *
 * @throws InputError if the file is damaged or calls for anything but tensors.
 */
export async function openTorchLegacy(bytes: ByteSource): Promise<WeightSource> {
  const pickles = await readPickles(bytes);
  const offsets = await placeStorages(bytes, pickles);
  return torchWeights(pickles.root, bytes.name, (storage, from, count) => {
    const offset = offsets.get(storage.key);
    if (offset === undefined) throw new InputError(`${bytes.name}: storage ${quote(storage.key)} is missing`);
    return bytes.read(offset + from, count);
  });
}

interface Pickles {
  readonly root: unknown;
  /** What `root` mentions. */
  readonly storages: ReadonlyMap<string, Storage>;
  /** In the order of the file. */
  readonly keys: readonly string[];
  /** Where the storages begin. */
  readonly end: number;
}

/** Nothing says how long the pickles are: a longer piece of the file is tried until they fit. */
async function readPickles(bytes: ByteSource): Promise<Pickles> {
  for (let length = firstBytes; ; length *= 4) {
    const piece = await bytes.read(0, Math.min(length, bytes.size));
    try {
      return parsePickles(piece, bytes.name);
    } catch (error) {
      if (!(error instanceof PickleCutShort) || length >= Math.min(bytes.size, maxPickleBytes)) throw error;
    }
  }
}

function parsePickles(piece: Uint8Array, name: string): Pickles {
  let end = 0;
  const next = () => {
    const pickle = unpickleTensors(piece.subarray(end), name);
    end += pickle.end;
    return pickle;
  };
  if (next().value !== magic || next().value !== version) {
    throw new InputError(`${name}: expected a PyTorch checkpoint, got another kind of pickle`);
  }
  const machine = next().value;
  const items = isContainer(machine, 'dict') ? machine.items : [];
  if (items[items.indexOf('little_endian') + 1] !== true) {
    throw new InputError(`${name}: expected a checkpoint written on a little-endian machine`);
  }
  const { value: root, storages } = next();
  const keys = next().value;
  if (!isContainer(keys, 'list') || !keys.items.every((key) => typeof key === 'string')) {
    throw new InputError(`${name}: damaged checkpoint: expected a list of its storages`);
  }
  return { root, storages, keys: keys.items, end };
}

/** Where each storage's elements begin, in bytes. */
async function placeStorages(bytes: ByteSource, { storages, keys, end }: Pickles): Promise<Map<string, number>> {
  const offsets = new Map<string, number>();
  let at = end;
  for (const key of keys) {
    const what = `${bytes.name}: storage ${quote(key)}`;
    const storage = storages.get(key);
    if (!storage || offsets.has(key)) throw new InputError(`${what}: expected each storage of the pickle, once`);
    const count = new DataView((await bytes.read(at, 8)).buffer).getBigUint64(0, true);
    if (count !== BigInt(storage.count)) {
      throw new InputError(`${what}: expected ${storage.count} elements, got ${count.toString()}`);
    }
    offsets.set(key, at + 8);
    at += 8 + storage.count * dtypeBytes[storage.dtype];
    if (at > bytes.size) {
      throw new InputError(`${what}: expected a file of at least ${at} bytes, got ${bytes.size} (cut short?)`);
    }
  }
  return offsets;
}
