import { InputError, messageOf } from '../base/errors.js';

export interface FetchOptions {
  /** Bytes so far, and in all; 0 in all while the server does not say. */
  readonly onBytes?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * What lies at a URL, whole. With `optional`, undefined where the server has nothing.
 *
 * @throws InputError naming the URL if it cannot be fetched; the signal's reason when it is aborted.
 */
export async function fetchBytes(
  url: string,
  options: FetchOptions & { readonly optional?: boolean } = {},
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { onBytes, signal, optional = false } = options;
  const init = signal ? { signal } : {};
  try {
    const response = await fetch(url, init);
    if (optional && (response.status === 404 || response.status === 410)) return undefined;
    if (!response.ok) throw new InputError(`${url}: the server answered ${response.status}`);
    return await readBody(response, onBytes);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof InputError) throw error;
    throw new InputError(`${url}: cannot be fetched (${messageOf(error)})`);
  }
}

async function readBody(
  response: Response,
  onBytes: FetchOptions['onBytes'],
): Promise<Uint8Array<ArrayBuffer>> {
  // The length announced is that of the compressed bytes, if they are.
  const compressed = response.headers.has('content-encoding');
  const total = compressed ? 0 : Number(response.headers.get('content-length') ?? 0);
  let whole = new Uint8Array(total > 0 ? total : 2 ** 16);
  let done = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const piece = await reader?.read();
    if (!piece || piece.done) break;
    if (done + piece.value.length > whole.length) {
      const larger = new Uint8Array(2 * (done + piece.value.length));
      larger.set(whole.subarray(0, done));
      whole = larger;
    }
    whole.set(piece.value, done);
    done += piece.value.length;
    onBytes?.(done, Math.max(total, total && done));
  }
  onBytes?.(done, done);
  return done === whole.length ? whole : whole.slice(0, done);
}
