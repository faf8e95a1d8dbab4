import { constants, rmdirSync } from 'node:fs';
import { access, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../base/errors.js';
import type { Picture } from '../media/picture.js';
import { atExit } from './at-exit.js';
import { cannotWrite } from './files.js';
import { makeOutputFolders } from './make-folders.js';
import { writePng } from './png.js';

export interface FrameWriter {
  /** Writes the next frame, frame000000.png first; each file appears whole or not at all. */
  addFrame(picture: Picture): Promise<void>;
  /** Takes away folders that were made, unless frames lie there by now. */
  abandon(): void;
}

export interface FrameOptions {
  /** Remove the frames of an earlier run, before the first new one is written. */
  readonly clean?: boolean | undefined;
}

function frameName(index: number): string {
  return `frame${String(index).padStart(6, '0')}.png`;
}

const frameNames = /^frame\d{6,}\.png$/;

/** Whether a file is a frame of an earlier run, or would be taken for one by a file system that ignores case. */
export function isFrameName(name: string): boolean {
  return frameNames.test(name.toLowerCase());
}

/**
 * Frames as PNG files in `directory`, which is made if need be. Frames of an earlier run are never mixed with new ones.
 *
 * @throws InputError when it cannot be written, or holds such frames and is not to be cleaned.
 */
export async function createFrameWriter(directory: string, options: FrameOptions = {}): Promise<FrameWriter> {
  const made = await makeOutputFolders(directory);
  const remove = () => removeEmpty(made);
  const forget = atExit(remove);
  let old: string[];
  try {
    await access(directory, constants.W_OK | constants.X_OK);
    old = (await readdir(directory)).filter(isFrameName).sort();
  } catch (error) {
    remove();
    throw cannotWrite(directory, error);
  }
  if (old.length > 0 && !(options.clean && old.every((name) => frameNames.test(name)))) {
    remove();
    throw new InputError(
      `${directory}: ${old.length} frames of an earlier run (${old[0]} …); expected a folder without, or --clean-frames`,
    );
  }
  let count = 0;
  return {
    async addFrame(picture) {
      if (count === 0) await removeFrames(directory, old);
      // A frame that was not there at the beginning is another run's, which works at the same time.
      await writePng(join(directory, frameName(count++)), picture, { fresh: true });
    },
    abandon() {
      remove();
      forget();
    },
  };
}

async function removeFrames(directory: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    // A folder of that name is not a frame: it stays, and the run ends.
    await rm(join(directory, name)).catch((error: unknown) => {
      throw cannotWrite(directory, error);
    });
  }
}

/** Removes folders, the innermost last, as far as they are empty. */
function removeEmpty(folders: readonly string[]): void {
  for (const folder of [...folders].reverse()) {
    try {
      rmdirSync(folder);
    } catch {
      return;
    }
  }
}
