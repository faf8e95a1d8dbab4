import type { Note } from './note.js';

/** One recording in a WAV file: where its format stands, and its samples in order. */
export interface WavPart {
  readonly format: Range | undefined;
  /** Bytes of samples, or a number of silent ones (for each channel). Undefined without a data chunk. */
  readonly data: readonly (Range | { readonly silent: number })[] | undefined;
}
export interface Range {
  readonly start: number;
  readonly end: number;
}
interface Chunk extends Range {
  readonly id: string;
  /** As announced; undefined where the writer could not know. */
  readonly size: number | undefined;
  readonly next: number;
}

const FORMS = ['RIFF', 'RF64', 'BW64'];
/** Wave64's chunks are named by GUIDs: four letters and these bytes; the file's own begins with "riff". */
const GUID_TAIL = 'f3acd3118cd100c04f8edb8a';
const ALL_ONES = 0xffffffff;

/**
 * What programs that write to a pipe put for a size, if it is more than the file holds: nearly 2³² (ffmpeg and others)
 * or nearly 2³¹ (sox, arecord); in Wave64 nearly 2⁶³. Their samples reach to the end.
 */
const isStreamed = (size: number) =>
  size >= 0xffffff00 ? size <= ALL_ONES || size >= 2 ** 62 : Math.abs(size - 2 ** 31) <= 65536;

/**
 * Takes apart RIFF/WAVE and its relatives: chunks of four letters, a size of 32 bits and the content, padded to even
 * lengths (or not: both are understood). Where a size is FFFFFFFF, the chunk ds64 of RF64 and BW64 (EBU Tech 3306) has
 * it in 64 bits; in Wave64 all have 64, which count the chunk's head of 24 bytes, and are padded to 8. Samples lie in
 * any number of chunks "data", and in a list "wavl" with "slnt" for silence. A second file may follow the first.
 */
export function readWavChunks(bytes: Uint8Array, fail: (why: string) => never, note: Note): WavPart[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));
  const size64 = (at: number) => Number(view.getBigUint64(at, true));
  const wave64 = text(0) === 'riff';
  const [head, align, outer] = wave64 ? [24, 8, 40] : [8, 2, 12];
  const sizes = new Map<string, number>();

  const isForm = (at: number) =>
    wave64
      ? text(at) === 'riff' && text(at + 24) === 'wave'
      : FORMS.includes(text(at)) && text(at + 8) === 'WAVE';
  const hex = (at: number) => [...bytes.subarray(at, at + 12)].map((b) => b.toString(16).padStart(2, '0'));
  /** The letters, or nothing that could be a name. */
  const nameAt = (at: number): string => {
    const id = text(at);
    if (wave64) return hex(at + 4).join('') === GUID_TAIL ? id : '';
    return /^[ -~]{4}$/.test(id) ? id : '';
  };
  const announced = (at: number): number => {
    if (wave64) return Math.max(0, size64(at + 16) - head);
    const size = view.getUint32(at + 4, true);
    return size === ALL_ONES ? (sizes.get(text(at)) ?? size) : size;
  };
  const isChunk = (at: number) =>
    at + head <= bytes.length && nameAt(at) !== '' && announced(at) <= bytes.length - at - head;
  /** Where the chunk after one that ends at `end` begins. */
  const nextAt = (end: number): number => {
    const padded = Math.ceil(end / align) * align;
    return wave64 || padded === end || isChunk(padded) || isForm(padded) || !(isChunk(end) || isForm(end))
      ? padded
      : end;
  };
  /** Whether chunks follow from here to the end: then a size of 0 means that there is nothing. */
  const chainsToEnd = (at: number): boolean => {
    while (isChunk(at)) at = nextAt(at + head + announced(at));
    return at >= bytes.length || isForm(at);
  };
  const chunkAt = (at: number): Chunk => {
    const [id, start] = [nameAt(at), at + head];
    let size: number | undefined = announced(at);
    const beyond = size > bytes.length - start;
    if (id === 'data' && ((size === 0 && !chainsToEnd(start)) || (beyond && isStreamed(size))))
      size = undefined;
    const end = size === undefined ? nextForm(start) : start + size;
    return { id, size, start, end, next: size === undefined ? end : nextAt(end) };
  };
  const nextForm = (from: number): number => {
    for (let at = bytes.indexOf(0x52, from); at >= 0; at = bytes.indexOf(0x52, at + 1))
      if (isForm(at) && text(at + 12) === 'fmt ') return at;
    return bytes.length;
  };
  const checkWhole = ({ id, size = 0, start, end }: Chunk) => {
    if (end <= bytes.length) return;
    if (id === 'fmt ') fail('truncated WAV: the fmt chunk is incomplete');
    const what = id === 'data' ? 'samples' : 'its list of samples';
    fail(`truncated WAV: ${size} bytes of ${what} announced, ${bytes.length - start} present`);
  };
  const readSizes = ({ start, end }: Chunk) => {
    if (end - start < 28 || end > bytes.length) fail('truncated WAV: the ds64 chunk is incomplete');
    const streamed = (size: number) => (size === 0 ? ALL_ONES : size);
    sizes.set('data', streamed(size64(start + 8)));
    const count = Math.min(view.getUint32(start + 24, true), Math.floor((end - start - 28) / 12));
    for (let i = 0, at = start + 28; i < count; i++, at += 12) sizes.set(text(at), size64(at + 4));
  };

  const parts: WavPart[] = [];
  for (let at = 0; at < bytes.length;) {
    let format: Range | undefined;
    let data: (Range | { silent: number })[] | undefined;
    sizes.clear();
    at += outer;
    while (at + head <= bytes.length && !isForm(at)) {
      const chunk = chunkAt(at);
      const isList = chunk.id === 'LIST' && text(chunk.start) === 'wavl';
      if (chunk.id === 'data' || chunk.id === 'fmt ' || isList) checkWhole(chunk);
      if (chunk.id === 'ds64') readSizes(chunk);
      else if (chunk.id === 'fmt ') format ??= chunk;
      else if (chunk.id === 'data') (data ??= []).push(chunk);
      else if (isList) {
        data ??= [];
        for (let inner = chunk.start + 4; inner + head <= chunk.end;) {
          const piece = chunkAt(inner);
          if (piece.id === 'data') checkWhole(piece);
          if (piece.id === 'data') data.push(piece);
          else if (piece.id === 'slnt' && piece.start + 4 <= bytes.length)
            data.push({ silent: view.getUint32(piece.start, true) });
          inner = piece.next;
        }
      } else if (chunk.id === '' || chunk.end > bytes.length) {
        if (bytes.subarray(at).some((byte) => byte !== 0))
          note(`the last ${bytes.length - at} bytes are no whole chunk of a WAV and are left out`);
        at = bytes.length;
        break;
      }
      at = chunk.next;
    }
    parts.push({ format, data });
    if (at + outer > bytes.length) break;
  }
  return parts;
}
