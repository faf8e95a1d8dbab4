/** Tags that players' programs put before, behind and between the frames of sound. */

const text = (bytes: Uint8Array, at: number, length: number) =>
  String.fromCharCode(...bytes.subarray(at, at + length));

/**
 * The length of an ID3v2 tag at `at`, 0 without one: ten bytes, the size in four of 7 bits, perhaps a footer of ten.
 */
export function id3Length(bytes: Uint8Array, at = 0): number {
  if (text(bytes, at, 3) !== 'ID3') return 0;
  const [flags = 0, ...size] = bytes.subarray(at + 5, at + 10);
  return 10 + size.reduce((sum, byte) => sum * 128 + (byte & 127), 0) + ((flags & 16) >> 4) * 10;
}

/**
 * The length of any tag at `at`, 0 without one: ID3v2, ID3v1 (128 bytes, an extension of 227 before it), APE (a head of
 * 32 bytes that says how long the rest is; bit 29 of its flags tells head from foot) and Lyrics3, which ends with
 * "LYRICS200" or "LYRICSEND".
 */
export function tagLength(bytes: Uint8Array, at: number): number {
  switch (text(bytes, at, 3)) {
    case 'ID3':
      return id3Length(bytes, at);
    case 'TAG':
      return text(bytes, at, 4) === 'TAG+' ? 227 : 128;
    case 'APE': {
      if (text(bytes, at, 8) !== 'APETAGEX' || at + 32 > bytes.length) return 0;
      const view = new DataView(bytes.buffer, bytes.byteOffset + at, 32);
      return (view.getUint32(20, true) & 0x20000000) === 0 ? 32 : 32 + view.getUint32(12, true);
    }
    case 'LYR': {
      if (text(bytes, at, 11) !== 'LYRICSBEGIN') return 0;
      const end = /LYRICS(200|END)/.exec(text(bytes, at, 20_000));
      return end ? end.index + 9 : 0;
    }
    default:
      return 0;
  }
}

/** Where the tags that begin at `at`, and zeros before, between and behind them, end. */
export function skipTags(bytes: Uint8Array, at: number): number {
  for (;;) {
    while (bytes[at] === 0) at++;
    const length = tagLength(bytes, at);
    if (length === 0) return at;
    at = Math.min(bytes.length, at + length);
  }
}

/** Where the ID3v2 tags at the beginning of a file end, and zeros behind them. 0 without tags. */
export const leadingTags = (bytes: Uint8Array): number => (id3Length(bytes) === 0 ? 0 : skipTags(bytes, 0));
