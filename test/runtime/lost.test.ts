import { describe, expect, it } from 'vitest';
import { GpuLostError, OutOfMemoryError } from '../../src/base/errors.js';
import type { Gpu } from '../../src/runtime/gpu.js';
import { guarded, openGpu, settle } from '../../src/runtime/gpu.js';
import { openFakeGpu } from '../fake-gpu.js';

/** The fake GPU with some of its device's answers changed. */
async function openWith(change: object): Promise<Gpu> {
  const { gpu } = await openFakeGpu();
  const device = { ...gpu.device, ...change };
  const { limits, features, info } = gpu.adapter;
  return openGpu({ limits, features, info, requestDevice: () => Promise.resolve(device) } as never);
}

describe('a GPU that fails', () => {
  it('says, when it is lost, what may be done', async () => {
    const info = { reason: 'unknown', message: 'vkQueueSubmit failed\n  VK_ERROR_DEVICE_LOST' };
    const gpu = await openWith({ lost: Promise.resolve(info) });
    const error = await settle(gpu).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(GpuLostError);
    const { message } = error as GpuLostError;
    expect(message).toContain('the GPU was lost: vkQueueSubmit failed VK_ERROR_DEVICE_LOST (');
    expect(message).toContain('run again, on another adapter if it happens again: --adapter software');
    expect(message).not.toContain('\n');
  });

  it('says, when its memory is full, of what and what may be done', async () => {
    const errors: ({ message: string } | null)[] = [null, { message: 'no memory' }, null];
    const gpu = await openWith({ popErrorScope: () => Promise.resolve(errors.shift() ?? null) });
    guarded(gpu, 'decoder scratch 3', () => undefined);
    const error = await settle(gpu).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(OutOfMemoryError);
    expect((error as OutOfMemoryError).message).toMatch(
      /^decoder scratch 3: no memory \(the GPU's memory is full: .*--precision f16.*--adapter software\)\)$/,
    );
  });
});
