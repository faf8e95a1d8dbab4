import { describe, expect, it } from 'vitest';
import { dropAlpha } from '../../src/media/drop-alpha.js';

/** Any colours, alpha 255; not at the start of its memory. */
function opaque(side: number): Uint8Array {
  const bytes = Uint8Array.from({ length: 4 * side ** 2 + 4 }, (_, i) =>
    i % 4 === 3 ? 255 : (i * 37) ^ (i >> 3),
  );
  return bytes.subarray(4);
}

describe('dropAlpha', () => {
  it('keeps red, green and blue of each pixel', () => {
    const rgba = opaque(8);
    const { width, height, data } = dropAlpha(rgba, 8);
    expect([width, height]).toEqual([8, 8]);
    expect(data).toEqual(rgba.filter((_, i) => i % 4 !== 3));
  });

  it('names a pixel that the decoder marked as not finite', () => {
    const rgba = opaque(8);
    rgba[4 * (5 * 8 + 3) + 3] = 0;
    expect(() => dropAlpha(rgba, 8)).toThrow('decoder: pixel 3, 5 of a frame is not finite');
  });
});
