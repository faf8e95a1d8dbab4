import { InputError, messageOf } from '../base/errors.js';
import type { PipeOptions } from '../node/byte-stream.js';
import { writeWhole } from '../node/partial-file.js';
import type { Gpu } from '../runtime/gpu.js';
import { finishTrace, startTrace } from '../runtime/trace.js';
import { traceEvents } from '../runtime/trace-events.js';

/**
 * Times every launch from now on.
 *
 * @throws InputError if the adapter has no timestamps.
 */
export function openProfile(gpu: Gpu, path: string, options: PipeOptions): { write(): Promise<void> } {
  try {
    startTrace(gpu);
  } catch (error) {
    throw new InputError(`--profile: ${messageOf(error)}`);
  }
  return {
    async write() {
      await writeWhole(path, Buffer.from(traceEvents(await finishTrace(gpu))), options);
    },
  };
}
