import { InputError } from '../base/errors.js';

/**
 * Reading FlatBuffers, the format of `.tflite` files, as far as those need it. A table begins with the distance back to
 * its vtable, which lists for each field, by number, how far from the table its value lies; fields left out have offset
 * 0. Vectors, texts and other tables are reached by distances forward. Every access is checked against the file's size.
 */
export interface FlatBuffer {
  /** For messages. */
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView;
}

export interface Table {
  readonly buffer: FlatBuffer;
  /** Where it begins. */
  readonly at: number;
}

/**
 * The root table of a file whose identifier, bytes 4 to 7, is as given.
 *
 * @throws InputError if it is another kind of file. All functions here throw one for values that lie outside of the
 *   file.
 */
export function openFlatBuffer(name: string, bytes: Uint8Array<ArrayBuffer>, identifier: string): Table {
  const found = String.fromCharCode(...bytes.subarray(4, 8));
  if (found !== identifier) throw new InputError(`${name}: not a FlatBuffer file of kind ${identifier}`);
  const buffer = { name, bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
  return { buffer, at: follow(buffer, 0) };
}

/** A field of 32 bits, `otherwise` where it is left out. */
export function intField(table: Table, field: number, otherwise = 0): number {
  const at = locate(table, field);
  return at === undefined ? otherwise : int32(table.buffer, at);
}

/** A field of 8 bits. */
export function byteField(table: Table, field: number, otherwise = 0): number {
  const at = locate(table, field);
  if (at === undefined) return otherwise;
  checkInside(table.buffer, at, 1);
  return table.buffer.view.getUint8(at);
}

export function tableField(table: Table, field: number): Table | undefined {
  const at = locate(table, field);
  return at === undefined ? undefined : { buffer: table.buffer, at: follow(table.buffer, at) };
}

/** A field that is a vector of bytes: a view of the file; empty where it is left out. */
export function bytesField(table: Table, field: number): Uint8Array<ArrayBuffer> {
  const { start, count } = vectorField(table, field, 1);
  return table.buffer.bytes.subarray(start, start + count);
}

/** A field that is a text of at most 1000 bytes. */
export function textField(table: Table, field: number): string {
  const bytes = bytesField(table, field);
  if (bytes.length > 1000) throw damaged(table.buffer, `a text of ${bytes.length} bytes`);
  return new TextDecoder().decode(bytes);
}

export function intsField(table: Table, field: number): number[] {
  const { start, count } = vectorField(table, field, 4);
  return Array.from({ length: count }, (_, i) => int32(table.buffer, start + 4 * i));
}

export function tablesField(table: Table, field: number): Table[] {
  const { buffer } = table;
  const { start, count } = vectorField(table, field, 4);
  return Array.from({ length: count }, (_, i) => ({ buffer, at: follow(buffer, start + 4 * i) }));
}

/** Where a field's value lies, if it is there. */
function locate({ buffer, at }: Table, field: number): number | undefined {
  const vtable = at - int32(buffer, at);
  const entry = 4 + 2 * field;
  if (entry + 2 > uint16(buffer, vtable)) return undefined;
  const offset = uint16(buffer, vtable + entry);
  return offset === 0 ? undefined : at + offset;
}

function vectorField(table: Table, field: number, elementBytes: number): { start: number; count: number } {
  const at = locate(table, field);
  if (at === undefined) return { start: 0, count: 0 };
  const vector = follow(table.buffer, at);
  const count = uint32(table.buffer, vector);
  checkInside(table.buffer, vector + 4, count * elementBytes);
  return { start: vector + 4, count };
}

/** Where the distance stored at `at` leads. */
function follow(buffer: FlatBuffer, at: number): number {
  return at + uint32(buffer, at);
}

function uint16(buffer: FlatBuffer, at: number): number {
  checkInside(buffer, at, 2);
  return buffer.view.getUint16(at, true);
}

function uint32(buffer: FlatBuffer, at: number): number {
  checkInside(buffer, at, 4);
  return buffer.view.getUint32(at, true);
}

function int32(buffer: FlatBuffer, at: number): number {
  checkInside(buffer, at, 4);
  return buffer.view.getInt32(at, true);
}

function checkInside(buffer: FlatBuffer, at: number, length: number): void {
  if (at < 0 || at + length > buffer.bytes.length) {
    throw damaged(buffer, `${length} bytes from byte ${at}, but the file has ${buffer.bytes.length}`);
  }
}

function damaged(buffer: FlatBuffer, what: string): InputError {
  return new InputError(`${buffer.name}: damaged FlatBuffer: ${what}`);
}
