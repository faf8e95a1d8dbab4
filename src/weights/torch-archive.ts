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
  const pickle = [...entries.values()].find(({ name }) => /^([^/]+\/)?data\.pkl$/.test(name));
  if (!pickle) {
    throw new InputError(`${bytes.name}: expected a PyTorch checkpoint, got a zip archive without data.pkl`);
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

async function checkByteOrder(bytes: ByteSource, entry: ZipEntry | undefined): Promise<void> {
  if (!entry) return;
  const order = new TextDecoder().decode(await readZipEntry(bytes, entry, 0, Math.min(entry.size, 16)));
  if (order !== 'little') {
    throw new InputError(`${bytes.name}: byteorder: expected "little", got ${quote(order)}`);
  }
}
