import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { centreSquare, cropSquare, portraitSquare, shrinkTo } from '../../src/media/crop.js';
import type { Picture } from '../../src/media/picture.js';
import { cropCentreSquare } from '../../src/media/picture.js';

/** Every pixel tells where it is and none is black. */
function chart(width: number, height: number): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let at = 0; at < width * height; at++) data.set([at % width, Math.floor(at / width), 200], at * 3);
  return { width, height, data };
}

const extent = fc.integer({ min: 1, max: 40 });
const place = fc.integer({ min: -50, max: 60 });

describe('portraitSquare', () => {
  it('is the published rule on a worked example', () => {
    // A box of 101×121 at (200, 100): bs = int(60.5·1.6) = 96, centre (250, 160).
    const square = portraitSquare({ x: 200, y: 100, width: 101, height: 121 });
    expect(square).toEqual({ x: 250 - 96, y: 160 - 96, size: 192 });
  });

  it('lies inside the picture padded by bs, around the box’s centre', () => {
    const inside = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(extent, extent, inside, inside, inside, inside, (width, height, a, b, c, d) => {
        const [left, right] = [Math.min(a, b) * width, Math.max(a, b) * width];
        const [top, bottom] = [Math.min(c, d) * height, Math.max(c, d) * height];
        const { x, y, size } = portraitSquare({ x: left, y: top, width: right - left, height: bottom - top });
        const bs = size / 2;
        expect(bs).toBe(Math.floor((Math.max(right - left, bottom - top) / 2) * 1.6));
        expect(Math.abs(x + bs - (left + right) / 2)).toBeLessThan(1);
        expect(Math.abs(y + bs - (top + bottom) / 2)).toBeLessThan(1);
        expect([x, y].every((start) => Number.isInteger(start) && start >= -bs)).toBe(true);
        expect(x + size <= width + bs && y + size <= height + bs).toBe(true);
      }),
      { seed: 1 },
    );
  });
});

describe('cropSquare', () => {
  it('copies what lies in the picture and is black outside', () => {
    const size = fc.integer({ min: 1, max: 30 });
    fc.assert(
      fc.property(extent, extent, place, place, size, (width, height, x, y, size) => {
        const cut = cropSquare(chart(width, height), { x, y, size });
        expect([cut.width, cut.height]).toEqual([size, size]);
        for (let at = 0; at < size * size; at++) {
          const [column, row] = [x + (at % size), y + Math.floor(at / size)];
          const known = column >= 0 && column < width && row >= 0 && row < height;
          expect([...cut.data.subarray(at * 3, at * 3 + 3)]).toEqual(known ? [column, row, 200] : [0, 0, 0]);
        }
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  it('with the centre square equals cropCentreSquare', () => {
    for (const [width, height] of [
      [7, 4],
      [4, 7],
      [5, 5],
      [6, 3],
    ] as const) {
      const picture = chart(width, height);
      expect(cropSquare(picture, centreSquare(picture))).toEqual(cropCentreSquare(picture));
    }
  });
});

describe('shrinkTo', () => {
  it('shortens the longer side and keeps the aspect; never enlarges', () => {
    const { width, height } = shrinkTo(chart(90, 30), 45);
    expect([width, height]).toEqual([45, 15]);
    const small = chart(9, 3);
    expect(shrinkTo(small, 45)).toBe(small);
  });
});
