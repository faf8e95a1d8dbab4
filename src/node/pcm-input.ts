import type { Readable } from 'node:stream';
import type { PcmFormat } from '../media/pcm.js';
import { pcmSamples } from '../media/pcm.js';
import type { ArrivingSound } from '../media/sound.js';

export interface PcmOptions {
  readonly rate: number;
  readonly format: PcmFormat;
  readonly signal: AbortSignal;
  readonly bytes?: AsyncIterable<Uint8Array>;
}

/**
 * Raw PCM from a stream, `bytes` being what comes from it, read no faster than it is used. `signal` ends the wait for
 * more.
 */
export function openPcm(
  stream: Readable,
  { rate, format, signal, bytes = stream }: PcmOptions,
): ArrivingSound {
  let heard: ((piece: Float32Array) => void) | undefined;
  const stop = () => stream.destroy();
  signal.addEventListener('abort', stop, { once: true });
  async function* pieces() {
    try {
      for await (const piece of pcmSamples(bytes, format, 'standard input')) {
        heard?.(piece);
        yield piece;
      }
    } catch (error) {
      // Reading from a stream that was destroyed fails too.
      signal.throwIfAborted();
      throw error;
    }
  }
  return {
    sampleRate: rate,
    pieces: pieces(),
    listen: (listener) => (heard = listener),
    close() {
      signal.removeEventListener('abort', stop);
      stream.destroy();
    },
  };
}
