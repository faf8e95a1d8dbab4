import type { Readable } from 'node:stream';
import { InputError } from '../base/errors.js';
import { looksLikeFile, TELLING_BYTES } from '../media/file-kind.js';
import type { PcmFormat } from '../media/pcm.js';
import type { ArrivingSound, Sound } from '../media/sound.js';
import { openPcm } from './pcm-input.js';
import { decodeSoundBytes } from './sound.js';

const NAME = 'standard input';

/** What is known to be no file of sound is told by so many bytes. */
const FEW_BYTES = 64;

export interface StandardInputOptions {
  /** Whether the user has said that it is raw PCM: then a file is refused. */
  readonly pcmOnly: boolean;
  readonly rate: number;
  readonly format: PcmFormat;
  readonly signal: AbortSignal;
  readonly note: (line: string) => void;
}

/**
 * Standard input as sound: a file of a known format, told by its first bytes, is read to its end and decoded;
 * everything else is raw PCM, heard while it arrives.
 *
 * @throws InputError for a file of another kind, and for one where `pcmOnly` says that there is none.
 */
export async function openStandardInput(
  stream: Readable,
  { pcmOnly, signal, note, ...pcm }: StandardInputOptions,
): Promise<Sound | ArrivingSound> {
  const stop = () => stream.destroy();
  signal.addEventListener('abort', stop, { once: true });
  const iterator = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  try {
    const start = await firstBytes(iterator, FEW_BYTES, new Uint8Array());
    const mayBeFrames = start[0] === 0xff || looksLikeFile(start) !== undefined;
    const telling = mayBeFrames ? await firstBytes(iterator, TELLING_BYTES, start) : start;
    signal.throwIfAborted();
    const kind = looksLikeFile(telling);
    if (kind === undefined) return openPcm(stream, { ...pcm, signal, bytes: continued(telling, iterator) });
    const article = kind === 'WAV' || kind === 'FLAC' ? 'a' : 'an';
    const found = typeof kind === 'object' ? kind.other : `${article} ${kind}`;
    if (pcmOnly) throw new InputError(`${NAME}: expected raw PCM (${pcm.format}), found ${found} file`);
    if (typeof kind === 'object')
      throw new InputError(`${NAME}: ${found}, expected raw PCM, WAV, MP3, FLAC, OGG or M4A`);
    note(`${NAME}: ${found} file, which is read to its end before the first frame is drawn`);
    const chunks: Uint8Array[] = [];
    for await (const chunk of continued(telling, iterator)) chunks.push(chunk);
    return await decodeSoundBytes(Buffer.concat(chunks), NAME, { note });
  } catch (error) {
    // Reading from a stream that was destroyed fails too.
    signal.throwIfAborted();
    stream.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** `start` and what follows, at least `count` bytes unless the stream ends before. */
async function firstBytes(
  iterator: AsyncIterator<Uint8Array>,
  count: number,
  start: Uint8Array,
): Promise<Uint8Array> {
  const chunks = [start];
  for (let length = start.length; length < count;) {
    const next = await iterator.next();
    if (next.done) break;
    chunks.push(next.value);
    length += next.value.length;
  }
  return Buffer.concat(chunks);
}

async function* continued(
  start: Uint8Array,
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield start;
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
}
