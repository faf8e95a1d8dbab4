import { decodeSound } from '../media/sound-format.js';
import type { Sound } from '../media/sound.js';
import { decodeByFfmpeg } from './ffmpeg.js';
import { readInput } from './files.js';

/**
 * A WAV, MP3, FLAC, OGG (Vorbis, Opus), M4A or AAC file as sound at its own rate; the format is told by the content, not by the
 * name. Throws InputError for a file that is missing, of another kind, cut short or damaged, and for M4A and AAC without ffmpeg.
 */
export async function readSound(path: string): Promise<Sound> {
  return decodeSound(await readInput(path), path, (format) => decodeByFfmpeg(path, format));
}
