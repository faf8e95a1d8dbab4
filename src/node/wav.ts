import { decodeWav } from '../media/wav.js';
import type { Sound } from '../media/sound.js';
import { readInput } from './files.js';

/** A WAV file as sound. Throws InputError when it is missing, damaged or of a kind decodeWav does not know. */
export async function readWav(path: string): Promise<Sound> {
  return decodeWav(await readInput(path), path);
}
