import { soundFormat } from './file-kind.js';
import { readFlacStream } from './flac.js';
import { id3Length, readMp3Stream } from './mp3.js';
import { readOggStream } from './ogg.js';

/** A stretch of samples. */
export interface SoundPart {
  readonly start: number;
  readonly length: number;
}

/**
 * Which of the samples that a browser's decoder makes of an MP3, FLAC or OGG are the recording: encoders add some before and after
 * it. Undefined if the file does not tell.
 *
 * @throws InputError for a file that is cut or damaged; decoders play those as far as they go.
 */
export function playedPart(bytes: Uint8Array, name: string): SoundPart | undefined {
  switch (soundFormat(bytes, name)) {
    case 'MP3':
      return readMp3Stream(bytes, name).played;
    case 'FLAC': {
      const { samples } = readFlacStream(bytes.subarray(id3Length(bytes)), name);
      return samples > 0 ? { start: 0, length: samples } : undefined;
    }
    case 'OGG': {
      const { codec, packets, granule } = readOggStream(bytes, name);
      // Decoders of Opus are told its pre-skip (RFC 7845, 5.1), at byte 10 of the head packet, and leave it out.
      const [head = new Uint8Array()] = packets;
      const preSkip = codec === 'Opus' ? (head[10] ?? 0) + 256 * (head[11] ?? 0) : 0;
      return { start: 0, length: Math.max(0, granule - preSkip) };
    }
    default:
      return undefined;
  }
}
