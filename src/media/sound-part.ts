import { readAdts } from './adts.js';
import type { SoundFormat } from './file-kind.js';
import { readFlacStreams } from './flac.js';
import { readMp3Streams } from './mp3.js';
import { readOggStreams } from './ogg.js';
import { leadingTags } from './tags.js';
import type { Note } from './note.js';

/** One stream of a file, which a decoder takes for a file of its own. */
export interface SoundPart {
  readonly bytes: Uint8Array;
  /** Which of the samples that a browser's decoder makes of it are the recording, where the file tells. */
  readonly played?: { readonly start: number; readonly length: number };
}

/**
 * The streams of an MP3, FLAC, OGG or AAC file, without tags. Encoders add some samples before and after the recording.
 *
 * @throws InputError for a file that is cut or damaged; decoders play those as far as they go.
 */
export function soundParts(
  bytes: Uint8Array,
  format: Exclude<SoundFormat, 'WAV' | 'M4A'>,
  name: string,
  note: Note,
): SoundPart[] {
  switch (format) {
    case 'MP3':
      return readMp3Streams(bytes, name, note).map(({ frames, played }) => ({
        bytes: frames,
        ...(played && { played }),
      }));
    case 'AAC':
      return readAdts(bytes, name, note).map((frames) => ({ bytes: frames }));
    case 'FLAC':
      return readFlacStreams(bytes, name).map(({ bytes: stream, samples }) => ({
        bytes: stream,
        ...(samples > 0 && { played: { start: 0, length: samples } }),
      }));
    case 'OGG':
      return readOggStreams(bytes.subarray(leadingTags(bytes)), name, note).map(
        ({ codec, packets, pages, granule }) => {
          // Decoders of Opus are told its pre-skip (RFC 7845, 5.1), at byte 10 of the head packet, and leave it out.
          const [head = new Uint8Array()] = packets;
          const preSkip = codec === 'Opus' ? (head[10] ?? 0) + 256 * (head[11] ?? 0) : 0;
          return { bytes: pages, played: { start: 0, length: Math.max(0, granule - preSkip) } };
        },
      );
  }
}
