import { InputError } from '../base/errors.js';
import { dtypeBytes } from './dtype.js';
import { quote } from './json.js';
import type { ByteSource, WeightSource } from './source.js';
import { torchWeights } from './torch-state.js';
import { unpickleTensors } from './torch-values.js';
import { readZipDirectory, readZipEntry, type ZipEntry } from './zip.js';

/** A checkpoint's pickle has some 100 bytes a tensor. */
const maxPickleBytes = 2 ** 24;

/**
 * Opens what `torch.save` writes since PyTorch 1.6: a zip archive with `NAME/data.pkl`, which says what tensors there
 * are, and `NAME/data/0`, `NAME/data/1`, …, their storages, little-endian, which are read in place.
 *
 * @throws InputError if the archive or its pickle is damaged, or the pickle calls for anything but tensors.
 */
export async function openTorchArchive(bytes: ByteSource): Promise<WeightSource> {
  const entries = await readZipDirectory(bytes);
  const names = [...entries.keys()];
  const pickle = [...entries.values()].find(({ name }) => /^([^/]+\/)?data\.pkl$/.test(name));
  if (!pickle) throw new InputError(`${bytes.name}: ${zipKind(names)}`);
  for (const { refused } of entries.values()) if (refused !== undefined) throw new InputError(refused);
  if (names.some((name) => /^([^/]+\/)?constants\.pkl$/.test(name))) {
    throw new InputError(`${bytes.name}: a TorchScript program, not weights: save its state_dict() instead`);
  }
  const folder = pickle.name.slice(0, -'data.pkl'.length);
  await checkByteOrder(bytes, entries.get(`${folder}byteorder`));
  if (pickle.size > maxPickleBytes) {
    throw new InputError(`${bytes.name}: data.pkl: expected at most ${maxPickleBytes} bytes, got ${pickle.size}`);
  }
  const { value } = unpickleTensors(await readZipEntry(bytes, pickle), `${bytes.name}: data.pkl`);
  return torchWeights(value, bytes.name, async ({ key, dtype, count: elements }, from, count) => {
    const what = `${bytes.name}: storage ${quote(key)}`;
    const entry = entries.get(`${folder}data/${key}`);
    if (!entry) throw new InputError(`${what} is missing from the archive`);
    const expected = elements * dtypeBytes[dtype];
    if (entry.size !== expected) {
      throw new InputError(`${what}: expected ${expected} bytes, got ${entry.size}`);
    }
    return readZipEntry(bytes, entry, from, count);
  });
}

/** What a zip archive without a checkpoint's pickle is, and what to do. */
function zipKind(names: readonly string[]): string {
  const expected = 'expected a PyTorch checkpoint, got a zip archive without data.pkl';
  const inside = names.find((name) => /\.(safetensors|pth|pt|ckpt|bin)$/i.test(name));
  if (inside !== undefined) return `${expected}: unpack it first, there is ${quote(inside)} in it`;
  if (names.some((name) => /\.npy$/i.test(name))) return `${expected}: NumPy arrays (.npz), not weights`;
  const [first] = names;
  return first === undefined ? `${expected}: it is empty` : `${expected}: it holds ${quote(first)}, not weights`;
}

async function checkByteOrder(bytes: ByteSource, entry: ZipEntry | undefined): Promise<void> {
  if (!entry) return;
  const order = new TextDecoder().decode(await readZipEntry(bytes, entry, 0, Math.min(entry.size, 16)));
  if (order !== 'little') {
    throw new InputError(`${bytes.name}: byteorder: expected "little", got ${quote(order)}`);
  }
}
