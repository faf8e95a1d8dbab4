import { expect, it } from 'vitest';
import { dropAlpha } from '../../src/media/drop-alpha.js';

it('dropAlpha keeps red, green and blue of each pixel', () => {
  const side = 8;
  const rgba = Uint8Array.from({ length: 4 * side ** 2 + 4 }, (_, i) => (i * 37) ^ (i >> 3)).subarray(4);
  const { width, height, data } = dropAlpha(rgba, side);
  expect([width, height]).toEqual([side, side]);
  expect(data).toEqual(rgba.filter((_, i) => i % 4 !== 3));
});
