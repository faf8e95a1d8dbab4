import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBlobWriter } from '../../src/browser/blob-writer.js';

describe('the blob writer', () => {
  it('holds what a file would hold after the same writes', async () => {
    const write = fc.record({
      position: fc.integer({ min: 0, max: 60 }),
      data: fc.uint8Array({ maxLength: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 12 }), async (writes) => {
        const file = new Uint8Array(80);
        let size = 0;
        const { stream, blob } = createBlobWriter();
        const writer = stream.getWriter();
        for (const { position, data } of writes) {
          file.set(data, position);
          size = Math.max(size, position + data.length);
          await writer.write({ position, data: new Uint8Array(data) });
        }
        const whole = blob('video/mp4');
        expect(whole.type).toBe('video/mp4');
        expect(new Uint8Array(await whole.arrayBuffer())).toEqual(file.slice(0, size));
      }),
      { seed: 5, numRuns: 100 },
    );
  });
});
