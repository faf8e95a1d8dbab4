import { stat } from 'node:fs/promises';
import { decodeSound } from '../media/sound-format.js';
import type { Sound } from '../media/sound.js';
import { decodeAdts, decodeM4aBytes, decodeM4aFile } from './ffmpeg.js';
import { readInput } from './files.js';

export interface ReadSoundOptions {
  /** Is told, in a line, what of the file is left out or may be missing. Otherwise it is printed to standard error. */
  readonly note?: (line: string) => void;
}

/**
 * A WAV, MP3, FLAC, OGG (Vorbis, Opus), M4A or AAC file as sound at its own rate; the format is told by the content,
 * not by the name. A named pipe is read once. Throws InputError for a file that is missing, of another kind, cut short
 * or damaged, and for M4A and AAC without ffmpeg.
 */
export async function readSound(
  path: string,
  { note = console.warn }: ReadSoundOptions = {},
): Promise<Sound> {
  const bytes = await readInput(path);
  const isFile = await stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  );
  return decodeSound(bytes, path, {
    decodeAac: (format, sound) =>
      format === 'M4A' && isFile && sound.length === bytes.length
        ? decodeM4aFile(path)
        : decodeAac(format, sound, path),
    note,
  });
}

/** The same from bytes; `name` is for messages. */
export function decodeSoundBytes(
  bytes: Uint8Array,
  name: string,
  { note = console.warn }: ReadSoundOptions = {},
): Promise<Sound> {
  return decodeSound(bytes, name, { decodeAac: (format, sound) => decodeAac(format, sound, name), note });
}

const decodeAac = (format: 'M4A' | 'AAC', bytes: Uint8Array, name: string) =>
  (format === 'M4A' ? decodeM4aBytes : decodeAdts)(bytes, name);
