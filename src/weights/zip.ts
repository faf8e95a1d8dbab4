import { InputError } from '../base/errors.js';
import { unfinished } from './file-format.js';
import { quote } from './json.js';
import type { ByteSource } from './source.js';

/** A file of an archive, stored as it is: its bytes lie in the archive in one piece. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes, compressed and not: they are the same. */
  readonly size: number;
  /** Where its local header begins; the bytes follow it. */
  readonly header: number;
  /** Why it cannot be read, as a message. */
  readonly refused?: string;
}

const localSignature = 0x04034b50;
const centralSignature = 0x02014b50;
const endSignature = 0x06054b50;
const end64Signature = 0x06064b50;
const locator64Signature = 0x07064b50;

const endBytes = 22;
const locator64Bytes = 20;
const end64Bytes = 56;
const centralBytes = 46;
const localBytes = 30;

/** More than any checkpoint's directory takes (a PyTorch archive has one file a tensor). */
const maxDirectoryBytes = 2 ** 24;

/**
 * The files of a zip archive (APPNOTE 6.3, with zip64) by name. Only the directory at its end is read.
 *
 * Nothing is ever decompressed: PyTorch stores its files as they are, so that they can be read in place. Files that are
 * encrypted or compressed (a zip bomb, say) are listed as refused.
 *
 * @throws InputError, naming the archive and the file in it, if the archive is damaged.
 */
export async function readZipDirectory(bytes: ByteSource): Promise<ReadonlyMap<string, ZipEntry>> {
  const { offset, size } = await findDirectory(bytes);
  if (size > maxDirectoryBytes || offset + size > bytes.size) {
    throw damaged(bytes, `its directory of ${size} bytes at byte ${offset} does not fit`);
  }
  const directory = await bytes.read(offset, size);
  const view = viewOf(directory);
  const entries = new Map<string, ZipEntry>();
  for (let at = 0; at < size;) {
    if (at + centralBytes > size || view.getUint32(at, true) !== centralSignature) {
      throw damaged(bytes, 'its directory is cut short');
    }
    const nameEnd = at + centralBytes + view.getUint16(at + 28, true);
    const extraEnd = nameEnd + view.getUint16(at + 30, true);
    const next = extraEnd + view.getUint16(at + 32, true);
    if (next > size) throw damaged(bytes, 'its directory is cut short');
    const name = new TextDecoder().decode(directory.subarray(at + centralBytes, nameEnd));
    if (entries.has(name)) throw damaged(bytes, `it holds two files ${quote(name)}`);
    const extra = directory.subarray(nameEnd, extraEnd);
    entries.set(name, parseEntry(bytes, name, new DataView(view.buffer, view.byteOffset + at), extra));
    at = next;
  }
  return entries;
}

/** `count` bytes of a file in the archive, from byte `from` of it; all of it unless given. */
export async function readZipEntry(
  bytes: ByteSource,
  entry: ZipEntry,
  from = 0,
  count = entry.size - from,
): Promise<Uint8Array<ArrayBuffer>> {
  if (entry.refused !== undefined) throw new InputError(entry.refused);
  if (entry.header + localBytes > bytes.size) throw damaged(bytes, `${quote(entry.name)} begins past its end`);
  const local = viewOf(await bytes.read(entry.header, localBytes));
  if (local.getUint32(0, true) !== localSignature) throw damaged(bytes, `${quote(entry.name)} has no header`);
  // The local name and extra field may differ from the directory's: PyTorch pads there to align the data to 64 bytes.
  const data = entry.header + localBytes + local.getUint16(26, true) + local.getUint16(28, true);
  if (from + count > entry.size || data + entry.size > bytes.size) {
    throw damaged(bytes, `${quote(entry.name)} of ${entry.size} bytes does not fit (cut short?)`);
  }
  return bytes.read(data + from, count);
}

async function findDirectory(bytes: ByteSource): Promise<{ offset: number; size: number }> {
  // The end record is followed by a comment of up to 65535 bytes; zip64's locator precedes it.
  const tailBytes = Math.min(bytes.size, locator64Bytes + endBytes + 0xffff);
  const tail = viewOf(await bytes.read(bytes.size - tailBytes, tailBytes));
  let end = tailBytes - endBytes;
  const isEnd = (at: number) =>
    tail.getUint32(at, true) === endSignature && at + endBytes + tail.getUint16(at + 20, true) === tailBytes;
  while (end >= 0 && !isEnd(end)) end--;
  if (end < 0) throw damaged(bytes, 'it has no directory at its end (cut short?)');
  const locator = end - locator64Bytes;
  if (locator >= 0 && tail.getUint32(locator, true) === locator64Signature) {
    return findDirectory64(bytes, wide(bytes, tail, locator + 8));
  }
  return { offset: tail.getUint32(end + 16, true), size: tail.getUint32(end + 12, true) };
}

async function findDirectory64(bytes: ByteSource, at: number): Promise<{ offset: number; size: number }> {
  if (at + end64Bytes > bytes.size) throw damaged(bytes, 'its zip64 record lies past its end');
  const record = viewOf(await bytes.read(at, end64Bytes));
  if (record.getUint32(0, true) !== end64Signature) throw damaged(bytes, 'it has no zip64 record');
  return { offset: wide(bytes, record, 48), size: wide(bytes, record, 40) };
}

/** A directory entry; `view` begins at it. */
function parseEntry(bytes: ByteSource, name: string, view: DataView, extra: Uint8Array): ZipEntry {
  const fault = (what: string) => `${bytes.name}: ${quote(name)} in this zip archive ${what}`;
  const narrow = {
    size: view.getUint32(24, true),
    stored: view.getUint32(20, true),
    header: view.getUint32(42, true),
  };
  if (view.getUint16(8, true) & 1) return { name, size: 0, header: 0, refused: fault('is encrypted') };
  if (view.getUint16(10, true) !== 0) {
    const refused = fault('is compressed; expected it stored as it is, as PyTorch does');
    return { name, size: 0, header: 0, refused };
  }
  const { size, stored, header } = widen(bytes, narrow, extra);
  if (size !== stored) throw new InputError(fault(`has two sizes, ${stored} and ${size} bytes`));
  return { name, size, header };
}

interface Extent {
  readonly size: number;
  readonly stored: number;
  readonly header: number;
}

/** Fields that 32 bits cannot hold are 0xFFFFFFFF and stand in the zip64 extra field (0x0001), in this order. */
function widen(bytes: ByteSource, narrow: Extent, extra: Uint8Array): Extent {
  const view = viewOf(extra);
  for (let at = 0; at + 4 <= extra.length;) {
    const end = at + 4 + view.getUint16(at + 2, true);
    if (end > extra.length) break;
    if (view.getUint16(at, true) === 1) {
      let field = at + 4;
      const take = (value: number) => {
        if (value !== 0xffffffff) return value;
        field += 8;
        if (field > end) throw damaged(bytes, 'a zip64 field is cut short');
        return wide(bytes, view, field - 8);
      };
      return { size: take(narrow.size), stored: take(narrow.stored), header: take(narrow.header) };
    }
    at = end;
  }
  return narrow;
}

/** 64 bits that must be a number of bytes inside the archive. */
function wide(bytes: ByteSource, view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  if (value > BigInt(bytes.size)) throw damaged(bytes, `it points to byte ${value.toString()}, past its end`);
  return Number(value);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function damaged(bytes: ByteSource, how: string): InputError {
  return new InputError(`${bytes.name}: damaged zip archive: ${how}${unfinished(bytes.name)}`);
}
