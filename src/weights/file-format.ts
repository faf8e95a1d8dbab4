import { InputError } from '../base/errors.js';
import { escapeControls } from '../base/escape.js';
import type { ByteSource } from './source.js';

/** Safetensors, or what `torch.save` writes: a zip archive, or before PyTorch 1.6 a row of pickles. */
export type WeightFormat = 'safetensors' | 'archive' | 'legacy';

/**
 * The format of a file of weights by its first bytes, whatever it is called.
 *
 * @throws InputError saying what the file is instead, and what to do: most often what was saved is not the file but
 *   the page, the pointer or the message that a server has in its place.
 */
export async function formatOf(bytes: ByteSource): Promise<WeightFormat> {
  const start = await bytes.read(0, Math.min(bytes.size, 1024));
  const other = foreignKind(start, bytes.size);
  if (other !== undefined) throw new InputError(`${bytes.name}: ${other}${unfinished(bytes.name)}`);
  if (begins(start, 'PK')) return 'archive';
  // Safetensors opens with eight bytes of length, which may look like anything, and then a brace.
  if (start[8] === 0x7b) return 'safetensors';
  const isPickle = start[0] === 0x80 && start[1]! >= 2 && start[1]! <= 5;
  return isPickle || /\.(pth|pt|ckpt|bin)$/i.test(bytes.name) ? 'legacy' : 'safetensors';
}

/** What browsers and download programs call a file that is not complete yet. */
export function isUnfinished(name: string): boolean {
  return /\.(crdownload|part|partial|download|opdownload|incomplete|aria2|tmp)$/i.test(name);
}

/** To be added to messages about a damaged file. */
export function unfinished(name: string): string {
  return isUnfinished(name) ? ' (by its name an unfinished download: finish it)' : '';
}

const again = 'download it again';

/**
 * What a file is that is not weights, in words, with what to do; undefined if it may be weights.
 *
 * @param start the first bytes of the file, a kilobyte of them.
 * @param size of the whole file, in bytes.
 */
export function foreignKind(start: Uint8Array, size: number): string | undefined {
  if (size === 0) return `the file is empty: ${again}`;
  if (size >= 8 && start.every((byte) => byte === 0)) {
    return `it begins with ${start.length} zeros, as an unfinished download does: ${again}`;
  }
  const known = signatures.find(([, signature]) => begins(start, signature));
  if (known) return known[0];
  if (begins(start.subarray(257), 'ustar')) return 'a tar archive: unpack it first';
  return textKind(start);
}

const unpack = (kind: string) => `compressed with ${kind}: unpack it first`;
const notWeights = (kind: string) => `${kind}, not weights: expected safetensors or a PyTorch checkpoint`;

const signatures: readonly (readonly [string, string])[] = [
  [unpack('gzip'), '\x1f\x8b'],
  [unpack('bzip2'), 'BZh'],
  [unpack('xz'), '\xfd7zXZ'],
  [unpack('zstd'), '\x28\xb5\x2f\xfd'],
  [unpack('lz4'), '\x04\x22\x4d\x18'],
  [unpack('7-Zip'), '7z\xbc\xaf\x27\x1c'],
  [unpack('RAR'), 'Rar!'],
  [notWeights('an HDF5 file (Keras or TensorFlow)'), '\x89HDF'],
  [notWeights('a GGUF file'), 'GGUF'],
  [notWeights('a NumPy array'), '\x93NUMPY'],
  [notWeights('a PNG picture'), '\x89PNG'],
  [notWeights('a JPEG picture'), '\xff\xd8\xff'],
  [notWeights('a RIFF file (WAV, WebP or AVI)'), 'RIFF'],
  [notWeights('a PDF document'), '%PDF'],
  [notWeights('a program'), '\x7fELF'],
  [notWeights('a TensorFlow Lite model'), '\0\0\0\0TFL3'],
  [notWeights('a TensorFlow Lite model'), '....TFL3'],
  [notWeights('an MP4 or another file of video or sound'), '....ftyp'],
];

/** Whether the bytes begin with `signature`; a full stop stands for any byte. */
function begins(bytes: Uint8Array, signature: string): boolean {
  if (bytes.length < signature.length) return false;
  return [...signature].every((letter, i) => letter === '.' || bytes[i] === letter.charCodeAt(0));
}

/** The same for files of text. */
export function textKind(start: Uint8Array): string | undefined {
  const text = plainText(start);
  if (text === undefined) return undefined;
  const lfs = /^version https?:\/\/(git-lfs\.github\.com|hawser\.github\.com)\/spec/.test(text);
  if (lfs || /^# xet version/.test(text)) {
    const bytes = Number(/^(?:size|filesize =) ?(\d+)/m.exec(text)?.[1] ?? NaN);
    const size = Number.isFinite(bytes) ? ` of ${(bytes / 1e6).toFixed(1)} MB` : '';
    const instead = 'run "git lfs pull" in the repository, or download the file itself';
    return `a Git LFS pointer, which stands for a file${size}: ${instead}`;
  }
  if (/\/annex\/objects\//.test(text)) return 'a git-annex pointer: run "git annex get" in the repository';
  if (/^\s*(<!--[^]*?-->\s*)*<(!doctype\s+html|html|head|body|title|meta|script)\b/i.test(text)) {
    const title = /<title[^>]*>([^<]*)/i.exec(text)?.[1]?.trim();
    const titled = title ? ` titled "${excerpt(title, 60)}"` : '';
    return `a web page (HTML)${titled}, not the file itself: ${again} by its download link, logged in if the site asks for it`;
  }
  const said = `("${excerpt(text.trim(), 100)}")`;
  if (/^\s*</.test(text)) return `XML ${said}, as a server answers instead of a file: ${again}`;
  if (/^\s*[{[]/.test(text)) {
    return `JSON ${said}, not weights: a server's answer instead of the file, or a configuration`;
  }
  return `text ${said}, not weights: ${again}`;
}

function excerpt(text: string, most: number): string {
  const line = text.replace(/\s+/g, ' ');
  return escapeControls(line.length > most ? `${line.slice(0, most - 1)}…` : line);
}

/** Bytes as text, if they are UTF-8 (or UTF-16 with its mark) without controls; the last character may be cut. */
function plainText(start: Uint8Array): string | undefined {
  const wide = begins(start, '\xff\xfe') ? 'utf-16le' : begins(start, '\xfe\xff') ? 'utf-16be' : undefined;
  let text: string;
  try {
    text = new TextDecoder(wide ?? 'utf-8', { fatal: true }).decode(start, { stream: true });
  } catch {
    return undefined;
  }
  // eslint-disable-next-line no-control-regex -- what text has none of
  return text.trim() === '' || /[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]/.test(text) ? undefined : text;
}
