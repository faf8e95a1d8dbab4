import { Zip, ZipPassThrough } from 'fflate';
import type { Picture } from 'float-webgpu';
import { Failure } from './failures.js';
import { encodePng } from './png.js';

/** A ZIP without the 64-bit extension, and its list of files, ends before this. */
const mostBytes = 2 ** 32 - 2 ** 24;

/**
 * Pictures as a ZIP of PNGs, `frame-00000.png` and so on. Finished pieces are handed to the browser as blobs, which it
 * may keep on the disk: memory does not grow with the number of frames.
 */
export async function zipFrames(
  frames: AsyncIterable<Picture>,
  onFrame: (done: number) => void,
): Promise<Blob> {
  const pieces: Blob[] = [];
  let bytes = 0;
  const zip = new Zip((error, piece) => {
    if (error) throw error;
    bytes += piece.length;
    pieces.push(new Blob([piece]));
  });
  let done = 0;
  for await (const frame of frames) {
    const png = await encodePng(frame);
    if (bytes + png.length > mostBytes)
      throw new Failure('Input', 'the frames do not fit into one ZIP of 4 GB');
    // PNGs are compressed already.
    const entry = new ZipPassThrough(`frame-${String(done).padStart(5, '0')}.png`);
    zip.add(entry);
    entry.push(png, true);
    onFrame(++done);
  }
  zip.end();
  return new Blob(pieces, { type: 'application/zip' });
}
