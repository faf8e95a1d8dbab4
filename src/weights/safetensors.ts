import { InputError } from '../base/errors.js';
import { dtypeBytes, isDType, toFloat32 } from './dtype.js';
import { formatOf, unfinished } from './file-format.js';
import { isJsonObject, parseJsonObject, quote, type JsonObject } from './json.js';
import { elementCount, formatShape, type ByteSource, type DType, type TensorInfo, type WeightSource } from './source.js';

export interface SafetensorsFile extends WeightSource {
  /** The header's `__metadata__`: free text by key. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** A tensor's place: bytes `begin` to `end` of the file. */
interface Entry extends TensorInfo {
  readonly begin: number;
  readonly end: number;
}

const maxHeaderBytes = 100_000_000;

/**
 * Opens a safetensors file: eight bytes with the header's length N (little-endian), N bytes of JSON
 * (name → `{dtype, shape, data_offsets}`), then the tensors' bytes without gaps. Only the header is read here; each
 * tensor is read when asked for.
 *
 * @throws InputError, naming file and tensor, if the file breaks a rule of the format.
 */
export async function openSafetensors(bytes: ByteSource): Promise<SafetensorsFile> {
  const header = await readHeader(bytes);
  const { entries, metadata } = parseHeader(header.json, bytes, header.end);
  return {
    name: bytes.name,
    tensors: entries,
    metadata,
    async read(name) {
      const entry = entries.get(name);
      if (!entry) throw new InputError(`${bytes.name}: there is no tensor ${quote(name)}`);
      const data = await bytes.read(entry.begin, entry.end - entry.begin);
      return toFloat32(data, entry.dtype, `${bytes.name}: tensor ${quote(name)}`);
    },
  };
}

async function readHeader(bytes: ByteSource): Promise<{ json: JsonObject; end: number }> {
  const { name, size } = bytes;
  if (size > 0 && size < 9) {
    throw new InputError(`${name}: expected a safetensors file of more than 8 bytes, got ${size}`);
  }
  const format = await formatOf(bytes);
  if (format === 'archive') {
    throw new InputError(`${name}: expected a safetensors file, got a zip archive (a PyTorch checkpoint?)`);
  }
  const first = await bytes.read(0, 9);
  const length = new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(Math.min(size - 8, maxHeaderBytes))) {
    const limit = Math.min(size - 8, maxHeaderBytes);
    // A brace where the header begins: it is one, of which the end is missing.
    const fault = first[8] === 0x7b && length <= maxHeaderBytes ? ' (cut short?)' : ': neither safetensors nor PyTorch';
    throw new InputError(
      `${name}: expected a safetensors header of at most ${limit} bytes, but its length is given as ` +
        `${length.toString()}${fault}${unfinished(name)}`,
    );
  }
  const end = 8 + Number(length);
  const json = parseJsonObject(await bytes.read(8, end - 8), `${name}: safetensors header`);
  return { json, end };
}

function parseHeader(json: JsonObject, file: ByteSource, headerEnd: number) {
  const entries = new Map<string, Entry>();
  let metadata: ReadonlyMap<string, string> = new Map();
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') metadata = parseMetadata(value, file.name);
    else entries.set(name, parseEntry(value, headerEnd, () => `${file.name}: tensor ${quote(name)}`));
  }
  checkCover(entries, file, headerEnd);
  return { entries, metadata };
}

function parseMetadata(value: unknown, file: string): Map<string, string> {
  const metadata = new Map<string, string>();
  if (!isJsonObject(value)) throw new InputError(`${file}: __metadata__: expected an object of strings`);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') {
      throw new InputError(`${file}: __metadata__: expected a string for the key ${quote(key)}`);
    }
    metadata.set(key, text);
  }
  return metadata;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function parseEntry(value: unknown, headerEnd: number, what: () => string): Entry {
  if (!isJsonObject(value)) throw new InputError(`${what()}: expected {dtype, shape, data_offsets}`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !/^\w{1,32}$/.test(dtype)) {
    const got = typeof dtype === 'string' ? quote(dtype) : typeof dtype;
    throw new InputError(`${what()}: expected a dtype such as F32, got ${got}`);
  }
  if (!Array.isArray(shape) || shape.length > 16 || !shape.every(isCount)) {
    throw new InputError(`${what()}: shape: expected at most 16 non-negative integers`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    throw new InputError(`${what()}: data_offsets: expected two non-negative integers below 2^53`);
  }
  const [begin, end] = offsets as [number, number];
  // A kind that is not known here may take any number of bits: what it holds is never read.
  const length = isDType(dtype) ? elementCount(shape) * dtypeBytes[dtype] : Math.max(0, end - begin);
  if (end - begin !== length) {
    throw new InputError(
      `${what()}: data_offsets [${begin}, ${end}]: expected ${length} bytes for ${dtype} ${formatShape(shape)}`,
    );
  }
  return { dtype, shape, begin: headerEnd + begin, end: headerEnd + end };
}

/** The tensors must fill the file from the header to its end, with no overlap and no hole. */
function checkCover(entries: ReadonlyMap<string, Entry>, file: ByteSource, headerEnd: number): void {
  const sorted = [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let at = headerEnd;
  for (const [name, { begin, end }] of sorted) {
    if (begin !== at) {
      const [expected, got] = [at - headerEnd, begin - headerEnd];
      const fault = begin < at ? 'overlaps another tensor' : 'leaves a hole before it';
      throw new InputError(
        `${file.name}: tensor ${quote(name)} ${fault}: expected it to begin at offset ${expected}, got ${got}`,
      );
    }
    if (end > file.size) {
      throw new InputError(
        `${file.name}: tensor ${quote(name)}: expected a file of at least ${end} bytes, got ${file.size} (cut short?)${unfinished(file.name)}`,
      );
    }
    at = end;
  }
  if (at !== file.size) {
    throw new InputError(
      `${file.name}: expected the file to end with its last tensor at byte ${at}, but it has ${file.size} bytes`,
    );
  }
}

/** What `writeSafetensors` takes for each name. */
export interface TensorData {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array;
}

/**
 * A whole safetensors file in memory, all tensors F32, in the order given; for small files.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, TensorData> | Readonly<Record<string, TensorData>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const list: [string, TensorData][] = Symbol.iterator in tensors ? [...tensors] : Object.entries(tensors);
  const infos = list.map(([name, { shape, data }]) => {
    if (elementCount(shape) !== data.length) {
      throw new Error(
        `writeSafetensors: ${quote(name)} of shape ${formatShape(shape)} has ${data.length} elements`,
      );
    }
    return [name, { dtype: 'F32', shape }] as const;
  });
  const { header, size } = safetensorsHeader(infos, metadata);
  const file = new Uint8Array(size);
  file.set(header);
  let at = header.length;
  for (const [, { data }] of list) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

/**
 * What precedes the tensors in a safetensors file that holds them in the order given, and the bytes of the whole file.
 * The JSON is padded with spaces to a multiple of 8 bytes, so that the tensors are aligned.
 */
export function safetensorsHeader(
  tensors: Iterable<readonly [string, { readonly dtype: DType; readonly shape: readonly number[] }]>,
  metadata: Readonly<Record<string, string>> = {},
): { header: Uint8Array<ArrayBuffer>; size: number } {
  const entries = new Map<string, unknown>();
  if (Object.keys(metadata).length > 0) entries.set('__metadata__', metadata);
  let dataBytes = 0;
  for (const [name, { dtype, shape }] of tensors) {
    if (name === '__metadata__') throw new Error('safetensorsHeader: no tensor can be called "__metadata__"');
    const end = dataBytes + elementCount(shape) * dtypeBytes[dtype];
    entries.set(name, { dtype, shape, data_offsets: [dataBytes, end] });
    dataBytes = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const jsonBytes = Math.ceil(json.length / 8) * 8;
  const header = new Uint8Array(8 + jsonBytes).fill(0x20, 8);
  new DataView(header.buffer).setBigUint64(0, BigInt(jsonBytes), true);
  header.set(json, 8);
  return { header, size: header.length + dataBytes };
}
