import { InputError } from '../base/errors.js';
import { id3Length } from './mp3.js';

/**
 * Whether the bytes begin with `signature`, a full stop standing for any byte. A file that ends before the signature does may be
 * a part of one, if at least its first letter agrees.
 */
function beginsWith(bytes: Uint8Array, signature: string): boolean {
  if (bytes.length <= signature.search(/[^.]/)) return false;
  return [...signature].every(
    (letter, i) => letter === '.' || i >= bytes.length || bytes[i] === letter.charCodeAt(0),
  );
}

export type PictureFormat = 'PNG' | 'JPEG' | 'WebP';

const PICTURES: readonly (readonly [PictureFormat, string])[] = [
  ['PNG', '\x89PNG\r\n\x1a\n'],
  ['JPEG', '\xff\xd8\xff'],
  ['WebP', 'RIFF....WEBP'],
];
/** Kinds people try, to be told by name. */
const OTHER_PICTURES: readonly (readonly [string, string])[] = [
  ['a GIF', 'GIF8'],
  ['a TIFF', 'II*\0'],
  ['a TIFF', 'MM\0*'],
  ['a BMP', 'BM'],
  ['a HEIC picture', '....ftyphei'],
  ['a HEIC picture', '....ftypmif1'],
  ['an AVIF picture', '....ftypavif'],
  ['an SVG drawing', '<svg'],
];

/** The format by the first bytes, whatever the file is called. Throws InputError for any other. */
export function pictureFormat(bytes: Uint8Array, name: string): PictureFormat {
  if (bytes.length === 0) throw new InputError(`${name}: an empty file, expected a PNG, JPEG or WebP`);
  const known = PICTURES.find(([, signature]) => beginsWith(bytes, signature));
  if (known) return known[0];
  const other = OTHER_PICTURES.find(
    ([, signature]) => bytes.length >= signature.length && beginsWith(bytes, signature),
  );
  throw new InputError(`${name}: ${other ? `${other[0]}, ` : ''}not a PNG, JPEG or WebP file`);
}

export type SoundFormat = 'WAV' | 'MP3' | 'FLAC' | 'OGG' | 'M4A' | 'AAC';

const SOUNDS: readonly (readonly [SoundFormat, string])[] = [
  ['WAV', 'RIFF....WAVE'],
  ['WAV', 'RF64....WAVE'],
  ['FLAC', 'fLaC'],
  ['OGG', 'OggS'],
  ['M4A', '....ftyp'],
];
/** Kinds people try, to be told by name. */
const OTHER_SOUNDS: readonly (readonly [string, string])[] = [
  ['a WebM or Matroska file', '\x1a\x45\xdf\xa3'],
  ['an AIFF', 'FORM....AIF'],
  ['a CAF', 'caff'],
  ['a Windows Media file', '\x30\x26\xb2\x75'],
  ['an AMR', '#!AMR'],
  ['an AVI', 'RIFF....AVI'],
];
const SOUND_NAMES = 'WAV, MP3, FLAC, OGG or M4A';

/** The format by the first bytes, whatever the file is called. Throws InputError for any other. */
export function soundFormat(bytes: Uint8Array, name: string): SoundFormat {
  if (bytes.length === 0) throw new InputError(`${name}: an empty file, expected a ${SOUND_NAMES}`);
  const tag = id3Length(bytes);
  const known = SOUNDS.find(([, signature]) => beginsWith(bytes.subarray(tag), signature));
  if (known) return known[0];
  const [sync, kind = 0] = bytes;
  // MPEG audio: eleven bits of sync, then version and layer; layer 0 is AAC in ADTS.
  if (tag > 0 || beginsWith(bytes, 'ID3') || (sync === 0xff && (kind & 0xe6) === 0xe2)) return 'MP3';
  if (sync === 0xff && (kind & 0xf6) === 0xf0) return 'AAC';
  const other = OTHER_SOUNDS.find(
    ([, signature]) => bytes.length >= signature.length && beginsWith(bytes, signature),
  );
  throw new InputError(`${name}: ${other ? `${other[0]}, ` : ''}not a ${SOUND_NAMES} file`);
}
