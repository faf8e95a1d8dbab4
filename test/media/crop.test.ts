import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { centreSquare, cropSquare, portraitSquare, preparePortrait, shrinkTo } from '../../src/media/crop.js';
import type { Picture } from '../../src/media/picture.js';
import { cropCentreSquare } from '../../src/media/picture.js';
import { fitSquare, resize } from '../../src/media/resize.js';

/** Every pixel tells where it is and none is black. */
function chart(width: number, height: number): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let at = 0; at < width * height; at++) data.set([at % width, Math.floor(at / width), 200], at * 3);
  return { width, height, data };
}

/** Like nothing that a linear filter keeps: each way to resize makes another picture of it. */
function noise(width: number, height: number): Picture {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 2654435761) >>> 24);
  return { width, height, data };
}

const extent = fc.integer({ min: 1, max: 40 });
const place = fc.integer({ min: -50, max: 60 });

describe('portraitSquare', () => {
  it('is the published rule on a worked example', () => {
    // Corners 200, 100, 301, 221: half sides int(50.5) = 50 and int(60.5) = 60, bs = int(96) = 96, centre (250, 160).
    const square = portraitSquare({ x: 200, y: 100, width: 101, height: 121 });
    expect(square).toEqual({ x: 250 - 96, y: 160 - 96, size: 192 });
  });

  it('cuts to whole pixels in the published order: corners, half sides, bs, centre', () => {
    // Corners 10, −3, 112, 91 (from 10.9, −3.7, 112.3, 91.2); half sides 51 and 47; bs = int(81.6) = 81; centre 61, 44.
    const box = { x: 10.9, y: -3.7, width: 101.4, height: 94.9 };
    expect(portraitSquare(box)).toEqual({ x: 61 - 81, y: 44 - 81, size: 162 });
    // Half sides are cut before × 1.6: int(1.6·27) = 43, where int(1.6·27.5) = 44.
    expect(portraitSquare({ x: 0, y: 0, width: 55.9, height: 20 }).size).toBe(86);
    // Negative sums are cut towards 0 as well: (−9 + 4)/2 → −2.
    expect(portraitSquare({ x: -9, y: -9, width: 13, height: 13 })).toEqual({
      x: -2 - 9,
      y: -2 - 9,
      size: 18,
    });
  });

  it('gives the authors’ example its square for the box that S3FD must have found', () => {
    // 608 = 2·int(1.6·190): a box 380 or 381 high whose cut corners have their centre at (489, 339).
    const box = { x: 345.2, y: 149.6, width: 288, height: 380.4 };
    expect(portraitSquare(box)).toEqual({ x: 185, y: 35, size: 608 });
  });

  it('lies inside the picture padded by bs, around the box’s centre', () => {
    const inside = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(extent, extent, inside, inside, inside, inside, (width, height, a, b, c, d) => {
        const [left, right] = [Math.min(a, b) * width, Math.max(a, b) * width];
        const [top, bottom] = [Math.min(c, d) * height, Math.max(c, d) * height];
        const { x, y, size } = portraitSquare({ x: left, y: top, width: right - left, height: bottom - top });
        const bs = size / 2;
        expect(Math.abs(bs - 0.8 * Math.max(right - left, bottom - top))).toBeLessThan(3.4);
        expect(Math.abs(x + bs - (left + right) / 2)).toBeLessThan(1.5);
        expect(Math.abs(y + bs - (top + bottom) / 2)).toBeLessThan(1.5);
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

describe('preparePortrait', () => {
  const small = { x: 10, y: 8, size: 6 };
  const large = { x: 0, y: 4, size: 40 };

  it('goes by area if the whole picture is higher than 360 pixels, even where the square grows', () => {
    const picture = noise(50, 361);
    for (const square of [small, large]) {
      const [area, cubic] = (['area', 'cubic'] as const).map((by) =>
        resize(cropSquare(picture, square), 16, 16, by),
      );
      expect(preparePortrait(picture, square, 16)).toEqual(area);
      expect(area).not.toEqual(cubic);
    }
    // 6 → 16: j = ⌊6i/16⌋ and (i + 1) − 16(j + 1)/6: pixels 10, 10, 10⅓, 11 …
    const row = [...preparePortrait(chart(50, 361), small, 16).data]
      .filter((_, i) => i % 3 === 0)
      .slice(0, 6);
    expect(row).toEqual([10, 10, 10, 11, 11, 12]);
  });

  it('is cubic in a lower picture, even where the square shrinks', () => {
    const picture = noise(50, 360);
    for (const square of [small, large]) {
      const want = resize(cropSquare(picture, square), 16, 16, 'cubic');
      expect(preparePortrait(picture, square, 16)).toEqual(want);
    }
  });

  it('of the centre square is fitSquare, by area whatever the height', () => {
    for (const picture of [chart(50, 361), chart(50, 30)]) {
      expect(preparePortrait(picture, centreSquare(picture), 16)).toEqual(fitSquare(picture, 16));
      expect(preparePortrait(picture, centreSquare(picture), 64)).toEqual(
        resize(cropCentreSquare(picture), 64, 64, 'area'),
      );
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
