/**
 * The regular files of a tar archive (POSIX ustar): 512-byte headers (name at 0, size in octal at 124, type at 156),
 * each followed by the contents padded to whole 512-byte blocks; an empty name ends the archive.
 */
export function readTar(archive: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const text = (from: number, length: number): string => {
    const field = archive.subarray(from, from + length);
    const end = field.indexOf(0);
    return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
  };
  for (let at = 0; at + 512 <= archive.length;) {
    const name = text(at, 100);
    if (name === '') break;
    const size = parseInt(text(at + 124, 12), 8);
    const type = archive[at + 156];
    const start = at + 512;
    if (!Number.isInteger(size) || start + size > archive.length)
      throw new Error(`tar archive is cut off at ${name}`);
    if (type === 0 || type === 48)
      files.set(name.replace(/^\.\//, ''), archive.subarray(start, start + size));
    at = start + Math.ceil(size / 512) * 512;
  }
  return files;
}
