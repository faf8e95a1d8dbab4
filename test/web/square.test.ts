import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  centreSquare,
  clampSquare,
  dragCorner,
  moveSquare,
  resizeSquare,
} from '../../web/src/components/square.js';

const extent = fc.integer({ min: 1, max: 6000 });
const picture = fc.record({ width: extent, height: extent });
const place = fc.integer({ min: -10_000, max: 10_000 });
const square = fc.record({ x: place, y: place, size: fc.integer({ min: 1, max: 20_000 }) });
const corner = fc.record({ x: fc.constantFrom(-1, 1), y: fc.constantFrom(-1, 1) });

test('a square made by hand is in whole pixels, most of it in the picture or around all of it', () => {
  fc.assert(
    fc.property(square, picture, (given, { width, height }) => {
      const { x, y, size } = clampSquare(given, { width, height });
      expect([x, y, size].every(Number.isInteger)).toBe(true);
      expect(size).toBeGreaterThan(0);
      for (const [start, side] of [
        [x, width],
        [y, height],
      ] as const) {
        const inside = Math.min(start + size, side) - Math.max(start, 0);
        expect(inside).toBeGreaterThanOrEqual(Math.min(Math.floor(size * 0.75) - 1, side));
      }
    }),
  );
});

test('clamping a second time changes nothing', () => {
  fc.assert(
    fc.property(square, picture, (given, size) => {
      const once = clampSquare(given, size);
      expect(clampSquare(once, size)).toEqual(once);
    }),
  );
});

test('the centre square fits', () => {
  expect(centreSquare({ width: 300, height: 201 })).toEqual({ x: 49, y: 0, size: 201 });
});

test('moves by whole pixels and stops at the border', () => {
  const size = { width: 400, height: 400 };
  expect(moveSquare({ x: 10, y: 10, size: 100 }, 5, -3, size)).toEqual({ x: 15, y: 7, size: 100 });
  expect(moveSquare({ x: 10, y: 10, size: 100 }, 9999, -9999, size)).toEqual({ x: 325, y: -25, size: 100 });
});

test('grows about its centre', () => {
  expect(resizeSquare({ x: 100, y: 100, size: 100 }, 120, { width: 400, height: 400 })).toEqual({
    x: 90,
    y: 90,
    size: 120,
  });
});

test('a dragged corner follows the pointer, the opposite one stays', () => {
  const size = { width: 1000, height: 1000 };
  const before = { x: 400, y: 400, size: 200 };
  expect(dragCorner(before, { x: 1, y: 1 }, { x: 650, y: 610 }, size)).toEqual({ x: 400, y: 400, size: 250 });
  expect(dragCorner(before, { x: -1, y: -1 }, { x: 350, y: 380 }, size)).toEqual({
    x: 350,
    y: 350,
    size: 250,
  });
  fc.assert(
    fc.property(corner, place, place, (at, x, y) => {
      expect(dragCorner(before, at, { x, y }, size).size).toBeGreaterThanOrEqual(16);
    }),
  );
});
