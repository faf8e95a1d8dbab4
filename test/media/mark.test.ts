import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawMark } from '../../src/media/mark.js';
import type { Picture } from '../../src/media/picture.js';

const plain = (width: number, height: number, value: number): Picture => ({
  width,
  height,
  data: new Uint8Array(width * height * 3).fill(value),
});

/** The rectangle where two pictures differ. */
function changed(a: Picture, b: Picture) {
  const box = { left: a.width, top: a.height, right: -1, bottom: -1 };
  for (let i = 0; i < a.data.length; i++) {
    if (a.data[i] === b.data[i]) continue;
    const [x, y] = [Math.floor(i / 3) % a.width, Math.floor(i / 3 / a.width)];
    box.left = Math.min(box.left, x);
    box.top = Math.min(box.top, y);
    box.right = Math.max(box.right, x);
    box.bottom = Math.max(box.bottom, y);
  }
  return box;
}

/** Relative luminance of a grey, as WCAG has it. */
const luminance = (grey: number) => (grey <= 10 ? grey / 255 / 12.92 : ((grey / 255 + 0.055) / 1.055) ** 2.4);

describe('drawMark', () => {
  it('writes AI, white on dark, whatever is behind', () => {
    for (const value of [0, 128, 255]) {
      const { data } = drawMark(plain(64, 64, value));
      const ground = Math.round(value * 0.25);
      const rows = Array.from({ length: 64 }, (_, y) =>
        Array.from({ length: 64 }, (_, x) =>
          data[(y * 64 + x) * 3] === 255 && ground !== 255 ? '#' : '.',
        ).join(''),
      );
      // The mark's letters lie 2 + 2 pixels off the corner.
      expect(rows.slice(53, 60).map((row) => row.slice(53, 60))).toEqual([
        '.###..#',
        '#...#.#',
        '#...#.#',
        '#####.#',
        '#...#.#',
        '#...#.#',
        '#...#.#',
      ]);
      expect((1 + 0.05) / (luminance(ground) + 0.05)).toBeGreaterThan(7);
    }
  });

  it.each([64, 100, 256, 512, 720, 1080, 2048])(
    'is a tenth of a picture of %i pixels, in its corner',
    (side) => {
      const before = plain(side, side, 200);
      const box = changed(before, drawMark(before));
      const high = box.bottom - box.top + 1;
      expect(high / side).toBeGreaterThan(0.07);
      expect(high / side).toBeLessThan(0.18);
      expect(side - box.right).toBeLessThan(side / 20);
      expect(side - box.bottom).toBeLessThan(side / 20);
    },
  );

  it('has letters a sixteenth of the shorter side high, to whole pixels of the letters', () => {
    // Seven rows of round(shorter/16/7) pixels.
    for (const [width, height, high] of [
      [64, 64, 7],
      [2048, 512, 35],
      [512, 2048, 35],
      [2048, 2048, 126],
    ] as const) {
      const { data } = drawMark(plain(width, height, 0));
      const rows = new Set<number>();
      for (let at = 0; at < data.length; at += 3) if (data[at] === 255) rows.add(Math.floor(at / 3 / width));
      expect(rows.size, `${width}×${height}`).toBe(high);
    }
  });

  it('leaves the rest and its input alone', () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 200 }));
    fc.assert(
      fc.property(sizes, ([width, height]) => {
        const before = plain(width, height, 90);
        const after = drawMark(before);
        expect([after.width, after.height]).toEqual([width, height]);
        expect(before.data.every((value) => value === 90)).toBe(true);
        const box = changed(before, after);
        if (Math.min(width, height) < 11) expect(after).toBe(before);
        else expect(box.left).toBeGreaterThanOrEqual(width / 2 - 11);
      }),
      { numRuns: 100, seed: 1 },
    );
  });
});
