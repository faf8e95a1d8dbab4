import { soundFormat } from './file-kind.js';
import { decodeFlac, decodeMp3, decodeOgg } from './sound-codecs.js';
import type { Sound } from './sound.js';
import { decodeWav } from './wav.js';

/**
 * A whole recording at its own rate: WAV, MP3, FLAC, OGG (Vorbis, Opus). AAC, bare or in an M4A or MP4, is left to `decodeAac`:
 * the decoders that could come with us are GPL, but browsers have one. `name` is for messages.
 * Throws InputError for everything that is none, cut or damaged.
 */
export async function decodeSound(
  bytes: Uint8Array,
  name: string,
  decodeAac: (format: 'M4A' | 'AAC') => Promise<Sound>,
): Promise<Sound> {
  const format = soundFormat(bytes, name);
  switch (format) {
    case 'WAV':
      return decodeWav(bytes, name);
    case 'MP3':
      return decodeMp3(bytes, name);
    case 'FLAC':
      return decodeFlac(bytes, name);
    case 'OGG':
      return decodeOgg(bytes, name);
    default:
      return decodeAac(format);
  }
}
