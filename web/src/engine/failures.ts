import type { FailureKind } from './api.js';

/** What the page is told of a failure: Comlink carries name and message. */
export class Failure extends Error {
  override readonly name: FailureKind;
  constructor(kind: FailureKind, message: string) {
    super(message);
    this.name = kind;
  }
}

export const diskFull = 'the browser gives this page no more space on the disk: delete a saved model';

/** By the name of the error, as the library and browsers give it. */
const kinds: Readonly<Record<string, FailureKind>> = {
  InputError: 'Input',
  NoWebGpuError: 'NoWebGpu',
  NoVideoEncoderError: 'NoVideoEncoder',
  OutOfMemoryError: 'OutOfMemory',
};

/** What browsers say when an array cannot be had: Chromium, Firefox, Safari. */
const noArray = /array buffer allocation failed|invalid array length|allocation size overflow|out of memory/i;

/**
 * Any error as a `Failure`.
 *
 * @param lost whether the GPU was lost meanwhile. That comes before other reasons: what was under way then fails in its
 *   own way,
 * reads with an AbortError, others because they ask memory of a dead device.
 */
export function toFailure(error: unknown, lost: boolean): Failure {
  if (error instanceof Failure) return error;
  const { name, message } =
    error instanceof Error || error instanceof DOMException ? error : new Error(String(error));
  const known = kinds[name];
  if (known === 'Input' || known === 'NoWebGpu') return new Failure(known, message);
  if (lost) return new Failure('DeviceLost', 'the browser took the graphics card away');
  if (known) return new Failure(known, message);
  if (name === 'QuotaExceededError') return new Failure('Input', diskFull);
  if (name === 'RangeError' && noArray.test(message)) return new Failure('OutOfMemory', message);
  return new Failure('Unexpected', message);
}
