/**
 * Something the user gave is wrong: a file, an option, a configuration. The message is one line that names the file,
 * the field and what was expected; the command prints it and exits with status 2.
 */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** GPU memory does not suffice. The message names the tensor or the step. */
export class OutOfMemoryError extends Error {
  override readonly name = 'OutOfMemoryError';
}

/**
 * The device went away during the work: a reset of the driver, a card taken away. What is on it is gone; `openGpu` with
 * an adapter asked for anew opens another.
 */
export class GpuLostError extends Error {
  override readonly name = 'GpuLostError';
}

/** The GPU was closed (`closeGpu`) while it was in use, or is used afterwards. */
export class GpuClosedError extends Error {
  override readonly name = 'GpuClosedError';
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
