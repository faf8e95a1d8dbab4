import { InputError } from '../base/errors.js';
import type { Gpu } from '../runtime/gpu.js';
import type { Precision } from '../runtime/tensor.js';

export const precisions: readonly Precision[] = ['f32', 'f16'];

/**
 * How weights, and the pictures inside the decoder, are stored on the GPU; sums are f32 either way (docs/accuracy.md).
 *
 * @throws InputError when the adapter has no f16.
 */
export function checkPrecision({ device, adapter }: Gpu, precision: Precision): void {
  if (precision === 'f32' || device.features.has('shader-f16')) return;
  const name = adapter.info.description || adapter.info.device || 'this adapter';
  throw new InputError(`precision f16: ${name} has no shader-f16, expected f32`);
}
