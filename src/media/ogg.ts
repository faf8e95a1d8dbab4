import { InputError } from '../base/errors.js';

/** The one stream of sound in an Ogg file. */
export interface OggStream {
  readonly codec: 'Vorbis' | 'Opus';
  readonly packets: readonly Uint8Array[];
  /** Its pages, one after the other. */
  readonly pages: Uint8Array;
  /** Granule position of the last page: the number of samples from the stream's beginning to its end. */
  readonly granule: number;
}

const [CONTINUED, FIRST] = [1, 2];
const KINDS: readonly (readonly [string, string])[] = [
  ['Vorbis', '\x01vorbis'],
  ['Opus', 'OpusHead'],
  ['FLAC', '\x7fFLAC'],
  ['Speex', 'Speex   '],
];

/** CRC-32 with the polynomial 04C11DB7, highest bit first, from 0: not the one of zip and PNG. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc < 0 ? 0x04c11db7 : 0);
  return crc;
});

/** Of a page, the checksum's own four bytes taken as 0. */
function pageChecksum(page: Uint8Array): number {
  let crc = 0;
  for (let i = 0; i < page.length; i++) {
    const byte = i >= 22 && i < 26 ? 0 : (page[i] as number);
    crc = (crc << 8) ^ (CRC_TABLE[(crc >>> 24) ^ byte] as number);
  }
  return crc >>> 0;
}

/**
 * Takes apart the pages: 27 bytes of header (at 5 flags, 6 granule position, 14 serial number, 18 sequence number, 22 checksum,
 * 26 number of segments), the lengths of the segments, the segments. A packet ends with a segment shorter than 255.
 * The first stream of Vorbis or Opus is read, other streams beside it are passed over. Throws InputError when a page is cut,
 * damaged or missing, when there is no such stream, and when a second one follows.
 */
export function readOggStream(bytes: Uint8Array, name: string): OggStream {
  const fail = (why: string): never => {
    throw new InputError(`${name}: ${why}`);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pages: Uint8Array[] = [];
  const packets: Uint8Array[] = [];
  const found: string[] = [];
  let stream: { codec: 'Vorbis' | 'Opus'; serial: number } | undefined;
  let granule = 0;
  let parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const table = at + 27;
    if (table > bytes.length) fail('truncated OGG');
    if (view.getUint32(at) !== 0x4f676753) fail(`corrupt OGG (no page at byte ${at})`);
    let body = table + view.getUint8(at + 26);
    const lengths = bytes.subarray(table, body);
    const end = body + lengths.reduce((sum, length) => sum + length, 0);
    if (end > bytes.length) fail('truncated OGG');
    const page = bytes.subarray(at, end);
    if (pageChecksum(page) !== view.getUint32(at + 22, true))
      fail(`corrupt OGG (the page at byte ${at} is damaged)`);
    const flags = view.getUint8(at + 5);
    const serial = view.getUint32(at + 14, true);
    const position = Number(view.getBigInt64(at + 6, true));
    const sequence = view.getUint32(at + 18, true);
    at = end;

    if ((flags & FIRST) !== 0) {
      const kind = KINDS.find(([, magic]) =>
        [...magic].every((c, i) => bytes[body + i] === c.charCodeAt(0)),
      )?.[0];
      found.push(kind ?? 'unknown');
      if (kind === 'Vorbis' || kind === 'Opus') {
        if (stream) fail('several recordings in one OGG, expected one');
        stream = { codec: kind, serial };
      }
    }
    if (serial !== stream?.serial) continue;
    if (sequence !== pages.length) fail(`corrupt OGG (page ${pages.length} is missing)`);
    pages.push(page);
    if ((flags & CONTINUED) === 0) parts = [];
    for (const length of lengths) {
      parts.push(bytes.subarray(body, body + length));
      body += length;
      if (length === 255) continue;
      packets.push(parts.length === 1 ? (parts[0] as Uint8Array) : concatenate(parts));
      parts = [];
    }
    // −1 where no packet ends in the page.
    if (position > 0) granule = position;
  }
  if (!stream) return fail(`an OGG with ${found.join(', ')}, expected Vorbis or Opus`);
  return { codec: stream.codec, packets, pages: concatenate(pages), granule };
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}
