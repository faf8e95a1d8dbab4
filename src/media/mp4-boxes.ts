import { InputError } from '../base/errors.js';
import type { Note } from './note.js';

/** Boxes whose loss is a loss of sound. */
const ESSENTIAL = ['moov', 'mdat', 'moof'];

/**
 * Walks the outermost boxes of an MP4: a size of 32 bits and a name, with size 1 another of 64 bits, with 0 up to the
 * end. Decoders play a cut file as far as it goes, and of two files, one appended to the other, the first.
 *
 * @param read bytes start … end − 1 of the file, or fewer at its end.
 * @throws InputError for a file that is cut within its sound, and for one with two recordings.
 */
export async function checkBoxes(
  read: (start: number, end: number) => Uint8Array | Promise<Uint8Array>,
  length: number,
  name: string,
  note: Note,
): Promise<void> {
  let recordings = 0;
  for (let at = 0; at < length;) {
    const head = await read(at, at + 16);
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    const type = String.fromCharCode(...head.subarray(4, 8));
    const short = head.length >= 8 ? view.getUint32(0) : 2;
    const long = short === 1 && head.length === 16 ? Number(view.getBigUint64(8)) : short;
    const size = short === 0 ? length - at : long;
    if (size < 8 || !/^[ -~\xa9]{4}$/.test(type)) {
      if (head.some((byte) => byte !== 0))
        note(`${name}: the last ${length - at} bytes are no box of an MP4 and are left out`);
      return;
    }
    if (at + size > length) {
      const lost = `${size} bytes of ${type} announced, ${length - at} present`;
      if (ESSENTIAL.includes(type)) throw new InputError(`${name}: truncated M4A: ${lost}`);
      note(`${name}: cut short: ${lost}`);
    }
    if (type === 'moov' && ++recordings > 1)
      throw new InputError(`${name}: several recordings in one M4A, expected one`);
    at += size;
  }
}
