import { join } from 'node:path';
import type { Picture } from '../media/picture.js';
import { cannotWrite } from './files.js';
import { makeFolders } from './make-folders.js';
import { writePng } from './png.js';

export interface FrameWriter {
  /** Writes the next frame, frame000000.png first; each file appears whole or not at all. */
  addFrame(picture: Picture): Promise<void>;
}

/** Frames as PNG files in `directory`, which is made if need be. Throws InputError when it cannot be. */
export async function createFrameWriter(directory: string): Promise<FrameWriter> {
  await makeFolders(directory).catch((error: unknown) => {
    throw cannotWrite(directory, error);
  });
  let count = 0;
  return {
    async addFrame(picture) {
      const name = `frame${String(count++).padStart(6, '0')}.png`;
      await writePng(join(directory, name), picture);
    },
  };
}
