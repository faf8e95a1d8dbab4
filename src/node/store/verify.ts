import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../base/errors.js';
import { cannotRead } from '../files.js';
import { openWeights } from '../weights.js';
import { installed } from './manage.js';
import { bytesOf, cureOf, type Installed } from './record.js';

export interface VerifyOptions {
  readonly home?: string | undefined;
  readonly signal?: AbortSignal;
  readonly onBytes?: (done: number, total: number) => void;
}

/**
 * Compares every byte with what was written when they were got, and sees that they make a model.
 *
 * @throws InputError naming the file that is damaged, with what to do.
 */
export async function verifyInstalled(name: string, options: VerifyOptions = {}): Promise<Installed> {
  const { home, signal, onBytes } = options;
  const found = await installed(name, home);
  const total = bytesOf(found.record);
  let done = 0;
  for (const { path, sha256 } of found.record.files) {
    const file = join(found.folder, path);
    const hash = createHash('sha256');
    try {
      for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>) {
        signal?.throwIfAborted();
        hash.update(chunk);
        onBytes?.((done += chunk.length), total);
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw cannotRead(file, error);
    }
    const got = hash.digest('hex');
    if (got !== sha256) {
      throw new InputError(`${file}: damaged: expected SHA-256 ${sha256}, got ${got}: ${cureOf(name)}`);
    }
  }
  const opened = await openWeights(found.folder);
  await opened.close();
  return found;
}
