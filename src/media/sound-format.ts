import { readAdts } from './adts.js';
import { soundFormat } from './file-kind.js';
import { joinSounds } from './join-sounds.js';
import { checkBoxes } from './mp4-boxes.js';
import { decodeFlac, decodeMp3, decodeOgg } from './sound-codecs.js';
import type { Sound } from './sound.js';
import { leadingTags } from './tags.js';
import { decodeWav } from './wav.js';
import type { Note } from './note.js';

export interface SoundFormatOptions {
  /**
   * AAC, bare or in an M4A or MP4: the decoders that could come with us are GPL. `bytes` begin with its first frame or
   * box.
   */
  readonly decodeAac: (format: 'M4A' | 'AAC', bytes: Uint8Array) => Promise<Sound>;
  /** Is told, in a line, what of a file is left out. */
  readonly note: Note;
}

/**
 * A whole recording at its own rate: WAV, MP3, FLAC, OGG (Vorbis, Opus), M4A, AAC; all streams in the file, one after
 * the other. `name` is for messages. Throws InputError for everything that is none, cut or damaged.
 */
export async function decodeSound(
  file: Uint8Array,
  name: string,
  { decodeAac, note }: SoundFormatOptions,
): Promise<Sound> {
  const format = soundFormat(file, name);
  // Where tags may lie between frames too, the reader of the format passes over all of them.
  const bytes = file.subarray(leadingTags(file));
  switch (format) {
    case 'WAV':
      return decodeWav(bytes, name, note);
    case 'MP3':
      return decodeMp3(file, name, note);
    case 'FLAC':
      return decodeFlac(file, name);
    case 'OGG':
      return decodeOgg(bytes, name, note);
    case 'M4A':
      await checkBoxes((start, end) => bytes.subarray(start, end), bytes.length, name, note);
      return decodeAac(format, bytes);
    case 'AAC': {
      const sounds: Sound[] = [];
      for (const stream of readAdts(file, name, note)) sounds.push(await decodeAac(format, stream));
      return joinSounds(sounds);
    }
  }
}
