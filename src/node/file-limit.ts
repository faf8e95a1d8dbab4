import { readFileSync } from 'node:fs';
import { InputError } from '../base/errors.js';

/** What the smallest models take on a processor that plays a graphics card, several times over. */
const LEAST_BYTES = 2 ** 28;

/**
 * llvmpipe keeps the memory of its GPU, and SwiftShader its code, in files without a name. Where they cannot grow
 * (`ulimit -f`) the driver ends the process by SIGBUS, with whatever was being written left behind: better not to begin.
 *
 * @param limits the text of `/proc/self/limits`.
 * @throws InputError where the limit is too small for any model.
 */
export function checkFileLimit(driver: string, limits: string | undefined = ownLimits()): void {
  const [, bytes] = /^Max file size +(\d+) /m.exec(limits ?? '') ?? [];
  if (bytes === undefined || Number(bytes) >= LEAST_BYTES) return;
  throw new InputError(
    `${driver} keeps memory in files, which may have ${bytes} bytes here (ulimit -f): expected ${LEAST_BYTES} or more`,
  );
}

/** Undefined where the system has no such file. */
function ownLimits(): string | undefined {
  try {
    return readFileSync('/proc/self/limits', 'latin1');
  } catch {
    return undefined;
  }
}
