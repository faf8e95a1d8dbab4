import { InputError } from '../errors.js';
import { id3Length } from './mp3.js';
import { beginsWith } from './picture-format.js';
import { decodeFlac, decodeMp3, decodeOgg } from './sound-codecs.js';
import type { Sound } from './sound.js';
import { decodeWav } from './wav.js';

export type SoundFormat = 'WAV' | 'MP3' | 'FLAC' | 'OGG' | 'M4A' | 'AAC';

const SIGNATURES: readonly (readonly [SoundFormat, string])[] = [
  ['WAV', 'RIFF....WAVE'],
  ['WAV', 'RF64....WAVE'],
  ['FLAC', 'fLaC'],
  ['OGG', 'OggS'],
  ['M4A', '....ftyp'],
];
/** Kinds people try, to be told by name. */
const OTHERS: readonly (readonly [string, string])[] = [
  ['a WebM or Matroska file', '\x1a\x45\xdf\xa3'],
  ['an AIFF', 'FORM....AIF'],
  ['a CAF', 'caff'],
  ['a Windows Media file', '\x30\x26\xb2\x75'],
  ['an AMR', '#!AMR'],
  ['an AVI', 'RIFF....AVI'],
];
const EXPECTED = 'WAV, MP3, FLAC, OGG or M4A';

/** The format by the first bytes, whatever the file is called. Throws InputError for any other. */
export function soundFormat(bytes: Uint8Array, name: string): SoundFormat {
  if (bytes.length === 0) throw new InputError(`${name}: an empty file, expected a ${EXPECTED}`);
  const tag = id3Length(bytes);
  const known = SIGNATURES.find(([, signature]) => beginsWith(bytes.subarray(tag), signature));
  if (known) return known[0];
  const [sync, kind = 0] = bytes;
  // MPEG audio: eleven bits of sync, then version and layer; layer 0 is AAC in ADTS.
  if (tag > 0 || beginsWith(bytes, 'ID3') || (sync === 0xff && (kind & 0xe6) === 0xe2)) return 'MP3';
  if (sync === 0xff && (kind & 0xf6) === 0xf0) return 'AAC';
  const other = OTHERS.find(
    ([, signature]) => bytes.length >= signature.length && beginsWith(bytes, signature),
  );
  throw new InputError(`${name}: ${other ? `${other[0]}, ` : ''}not a ${EXPECTED} file`);
}

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
