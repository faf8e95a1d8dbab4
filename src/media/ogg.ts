import { InputError } from '../base/errors.js';
import { joinPieces } from './sound-frames.js';
import type { Note } from './note.js';

/** A stream of sound in an Ogg file. */
export interface OggStream {
  readonly codec: 'Vorbis' | 'Opus';
  readonly packets: readonly Uint8Array[];
  /** Its pages, one after the other. */
  readonly pages: Uint8Array;
  /** Granule position of the last page: the number of samples from the stream's beginning to its end. */
  readonly granule: number;
  /** Whether its last page is there. */
  readonly ended: boolean;
}

const [CONTINUED, FIRST, LAST] = [1, 2, 4];
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
 * Takes apart the pages: 27 bytes of header (at 5 flags, 6 granule position, 14 serial number, 18 sequence number, 22
 * checksum, 26 number of segments), the lengths of the segments, the segments. A packet ends with a segment shorter
 * than 255. Of streams beside each other the one of Vorbis or Opus is read, the others are passed over; of streams
 * behind each other (a chain, as radio stations and appended files have them) all are. Throws InputError when a page is
 * cut, damaged or missing, when there is no sound, and when there are two recordings beside each other. `note` is told
 * of a stream without its last page.
 */
export function readOggStreams(bytes: Uint8Array, name: string, note: Note): OggStream[] {
  const fail = (why: string): never => {
    throw new InputError(`${name}: ${why}`);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: string[] = [];
  const streams: OpenStream[] = [];
  let heads = false;
  for (let at = 0; at < bytes.length;) {
    const table = at + 27;
    if (table > bytes.length) fail('truncated OGG');
    if (view.getUint32(at) !== 0x4f676753) fail(`corrupt OGG (no page at byte ${at})`);
    const body = table + view.getUint8(at + 26);
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
        if (heads && streams.length > 0 && streams.at(-1)!.pages.length === 1)
          fail('several recordings beside each other in one OGG, expected one');
        streams.push({ codec: kind, serial, pages: [], packets: [], parts: [], granule: 0, ended: false });
      } else if (kind) fail(`an OGG with ${found.join(', ')}, expected Vorbis or Opus`);
    }
    heads = (flags & FIRST) !== 0;
    const stream = streams.at(-1);
    if (serial !== stream?.serial) {
      if (streams.some((earlier) => earlier.serial === serial))
        fail('several recordings mixed in one OGG, expected one after the other');
      continue;
    }
    if (sequence !== stream.pages.length) fail(`corrupt OGG (page ${stream.pages.length} is missing)`);
    stream.pages.push(page);
    if ((flags & CONTINUED) === 0) stream.parts = [];
    addPackets(stream, page.subarray(body - end + page.length), lengths);
    // −1 where no packet ends in the page.
    if (position > 0) stream.granule = position;
    if ((flags & LAST) !== 0) stream.ended = true;
  }
  if (streams.length === 0) return fail(`an OGG with ${found.join(', ')}, expected Vorbis or Opus`);
  streams.forEach(({ ended }, i) => {
    const which = streams.length === 1 ? 'the recording' : `recording ${i + 1} of ${streams.length}`;
    if (!ended) note(`${name}: ${which} ends without its last page: it may have been cut short`);
  });
  return streams.map(({ codec, packets, pages, granule, ended }) => ({
    ...{ codec, packets, granule, ended },
    pages: joinPieces(pages),
  }));
}

interface OpenStream {
  readonly codec: 'Vorbis' | 'Opus';
  readonly serial: number;
  readonly pages: Uint8Array[];
  readonly packets: Uint8Array[];
  /** Of a packet that goes on in the next page. */
  parts: Uint8Array[];
  granule: number;
  ended: boolean;
}

function addPackets(stream: OpenStream, body: Uint8Array, lengths: Uint8Array): void {
  let at = 0;
  for (const length of lengths) {
    stream.parts.push(body.subarray(at, at + length));
    at += length;
    if (length === 255) continue;
    stream.packets.push(joinPieces(stream.parts));
    stream.parts = [];
  }
}
