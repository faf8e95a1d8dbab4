import type { Readable } from 'node:stream';

/** So much is taken from the network before it is waited for who writes it down. */
const maxWaiting = 2 ** 20;

/**
 * What comes, from this call on. A stream by itself forgets what it has taken in when its connection breaks; here all
 * that came is given first, and then the error is thrown. Who stops reading has to destroy the stream.
 */
export function received(body: Readable): AsyncGenerator<Buffer, void, undefined> {
  const waiting: Buffer[] = [];
  let bytes = 0;
  let end: { readonly error?: unknown } | undefined;
  let wake = () => undefined as void;
  body.on('data', (chunk: Buffer) => {
    waiting.push(chunk);
    bytes += chunk.length;
    if (bytes > maxWaiting) body.pause();
    wake();
  });
  const finish = (how: { readonly error?: unknown }) => {
    end ??= how;
    wake();
  };
  body.on('end', () => finish({}));
  body.on('error', (error: unknown) => finish({ error }));
  body.on('close', () => finish({ error: new Error('the connection was closed') }));
  return (async function* () {
    for (;;) {
      const chunk = waiting.shift();
      if (chunk) {
        bytes -= chunk.length;
        yield chunk;
      } else if (end) {
        if ('error' in end) throw end.error;
        return;
      } else {
        body.resume();
        await new Promise<void>((resolve) => (wake = resolve));
      }
    }
  })();
}
