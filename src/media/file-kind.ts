import { InputError } from '../base/errors.js';
import { ADTS } from './adts.js';
import { MP3 } from './mp3.js';
import { leadingTags } from './tags.js';

/**
 * Whether the bytes begin with `signature`, a full stop standing for any byte. A file that ends before the signature
 * does may be a part of one, if at least its first letter agrees.
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
  ['a WAV', 'RIFF....WAVE'],
  ['an MP3', 'ID3'],
  ['a FLAC', 'fLaC'],
  ['an OGG', 'OggS'],
  ['a video or an M4A', '....ftyp'],
  ['compressed with gzip', '\x1f\x8b\x08'],
  ['a zip archive', 'PK\x03\x04'],
];

/** What neither a picture nor a sound is, but lies where one is expected. */
const STRANGERS: readonly (readonly [string, RegExp])[] = [
  [
    'a Git LFS pointer (run "git lfs pull")',
    /^version https?:\/\/(git-lfs\.github|hawser\.github)\.com\/spec/,
  ],
  ['a git-annex pointer (run "git annex get")', /^\/annex\/objects\//],
  ['an HTML page', /^\s*(<!--[^]*?-->\s*)*<(!doctype html|html|head|body)\b/i],
  ['an SVG drawing', /^[^]{0,400}?<svg[\s>]/i],
  ['a PDF document', /^%PDF/],
];

function stranger(bytes: Uint8Array): string | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 512)).replace(/^\xef\xbb\xbf/, '');
  return STRANGERS.find(([, beginning]) => beginning.test(start))?.[0];
}

/** The format by the first bytes, whatever the file is called. Throws InputError for any other. */
export function pictureFormat(bytes: Uint8Array, name: string): PictureFormat {
  if (bytes.length === 0) throw new InputError(`${name}: an empty file, expected a PNG, JPEG or WebP`);
  const known = PICTURES.find(([, signature]) => beginsWith(bytes, signature));
  if (known) return known[0];
  const found = OTHER_PICTURES.find(
    ([, signature]) => bytes.length >= signature.length && beginsWith(bytes, signature),
  );
  const other = found?.[0] ?? stranger(bytes);
  throw new InputError(`${name}: ${other === undefined ? '' : `${other}, `}not a PNG, JPEG or WebP file`);
}

export type SoundFormat = 'WAV' | 'MP3' | 'FLAC' | 'OGG' | 'M4A' | 'AAC';

const SOUNDS: readonly (readonly [SoundFormat, string])[] = [
  ['WAV', 'RIFF....WAVE'],
  ['WAV', 'RF64....WAVE'],
  ['WAV', 'BW64....WAVE'],
  ['WAV', 'riff\x2e\x91\xcf\x11'],
  ['FLAC', 'fLaC'],
  ['OGG', 'OggS'],
  ['M4A', '....ftyp'],
];
/** Kinds people try, to be told by name. */
const OTHER_SOUNDS: readonly (readonly [string, string])[] = [
  ['a WebM or Matroska file', '\x1a\x45\xdf\xa3'],
  ['an AIFF', 'FORM....AIFF'],
  ['an AIFF-C', 'FORM....AIFC'],
  ['a CAF', 'caff'],
  ['an AU', '.snd'],
  ['a big-endian WAV (RIFX)', 'RIFX'],
  ['a Windows Media file', '\x30\x26\xb2\x75'],
  ['an AMR', '#!AMR'],
  ['an AVI', 'RIFF....AVI'],
  ['an AAC in an ADIF', 'ADIF'],
  ['a WavPack', 'wvpk'],
  ["a Monkey's Audio file", 'MAC '],
  ['a Musepack', 'MPCK'],
  ['a TTA', 'TTA1'],
  ['a MIDI file', 'MThd'],
  ['a RealMedia file', '.RMF'],
  ['a Flash video', 'FLV\x01'],
  ['a PNG', '\x89PNG'],
  ['a JPEG', '\xff\xd8\xff'],
  ['a WebP', 'RIFF....WEBP'],
  ['compressed with gzip', '\x1f\x8b\x08'],
  ['a zip archive', 'PK\x03\x04'],
];
/** Their first letter is a full stop, which elsewhere stands for any byte. */
const DOTTED = ['.snd', '.RMF'];
const SOUND_NAMES = 'WAV, MP3, FLAC, OGG or M4A';

function otherSound(bytes: Uint8Array): string | undefined {
  return OTHER_SOUNDS.find(
    ([, signature]) =>
      bytes.length >= signature.length &&
      beginsWith(bytes, signature) &&
      (!DOTTED.includes(signature) || bytes[0] === 0x2e),
  )?.[0];
}

/** The format by the first bytes, whatever the file is called. Throws InputError for any other. */
export function soundFormat(bytes: Uint8Array, name: string): SoundFormat {
  if (bytes.length === 0) throw new InputError(`${name}: an empty file, expected a ${SOUND_NAMES}`);
  const tag = leadingTags(bytes);
  const sound = bytes.subarray(tag);
  const known = SOUNDS.find(([, signature]) => beginsWith(sound, signature));
  if (known) return known[0];
  const [sync, kind = 0] = sound;
  // MPEG audio: eleven bits of sync, then version and layer; layer 0 is AAC in ADTS.
  if (sync === 0xff && (kind & 0xf6) === 0xf0) return 'AAC';
  if (tag > 0 || beginsWith(bytes, 'ID3') || (sync === 0xff && (kind & 0xe6) === 0xe2)) return 'MP3';
  const other = otherSound(bytes) ?? stranger(bytes);
  throw new InputError(`${name}: ${other ? `${other}, ` : ''}not a ${SOUND_NAMES} file`);
}

/** Bytes from which `looksLikeFile` can tell: three frames of the longest kind. */
export const TELLING_BYTES = 8192;

/**
 * What kind of file, if any, a stream of sound begins with that may as well be plain samples: a format of ours, or the
 * name of another. Frames of MP3 and AAC begin with two bytes that samples have as well, so three of them must follow
 * each other.
 */
export function looksLikeFile(start: Uint8Array): SoundFormat | { readonly other: string } | undefined {
  const sound = start.subarray(leadingTags(start));
  const known = SOUNDS.find(
    ([, signature]) => sound.length >= signature.length && beginsWith(sound, signature),
  );
  if (known) return known[0];
  for (const { name, header } of [MP3, ADTS]) {
    let at = 0;
    let count = 0;
    for (let frame = header(sound, at); frame; frame = header(sound, at)) {
      at += frame.length;
      count++;
    }
    if (count >= 3 || (count >= 2 && at === sound.length)) return name as 'MP3' | 'AAC';
  }
  if (start.length >= 10 && beginsWith(start, 'ID3')) return 'MP3';
  const other = otherSound(start) ?? stranger(start);
  return other === undefined ? undefined : { other };
}
