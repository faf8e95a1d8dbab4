import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crop, cropCentreSquare, type Picture } from '../../src/media/picture.js';
import { fitSquare, makeResizer, resize, type Interpolation } from '../../src/media/resize.js';

function grey(rows: number[][]): Picture {
  const height = rows.length;
  const width = rows[0]?.length ?? 0;
  return { width, height, data: Uint8Array.from(rows.flat().flatMap((v) => [v, v, v])) };
}
const red = (picture: Picture) => Array.from(picture.data.filter((_, i) => i % 3 === 0));

const pictures = fc
  .record({ width: fc.integer({ min: 1, max: 40 }), height: fc.integer({ min: 1, max: 40 }) })
  .chain(({ width, height }) =>
    fc
      .uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 })
      .map((data): Picture => ({ width, height, data })),
  );
const sizes = fc.integer({ min: 1, max: 50 });

/** Area averaging from its definition: the mean of the picture over each output pixel's rectangle. */
function areaByDefinition(p: Picture, width: number, height: number): number[] {
  const out: number[] = [];
  const cover = (i: number, from: number, to: number, j: number) =>
    Math.max(0, Math.min(((i + 1) * from) / to, j + 1) - Math.max((i * from) / to, j));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        let area = 0;
        for (let v = 0; v < p.height; v++)
          for (let u = 0; u < p.width; u++) {
            const w = cover(x, p.width, width, u) * cover(y, p.height, height, v);
            sum += w * (p.data[(v * p.width + u) * 3 + c] as number);
            area += w;
          }
        out.push(sum / area);
      }
  return out;
}

describe('area averaging', () => {
  it('takes the mean of whole blocks, halves rounded up', () => {
    const p = grey([
      [0, 2, 10, 11],
      [4, 6, 10, 11],
    ]);
    expect(red(resize(p, 2, 1))).toEqual([3, 11]);
  });

  it('shares pixels that straddle a border', () => {
    // 3 → 2: intervals [0, 1.5] and [1.5, 3].
    expect(red(resize(grey([[30, 90, 150]]), 2, 1))).toEqual([50, 130]);
  });

  it('equals the mean over each rectangle', () => {
    fc.assert(
      fc.property(pictures, sizes, sizes, (p, w, h) => {
        const width = Math.min(w, p.width);
        const height = Math.min(h, p.height);
        const got = resize(p, width, height).data;
        areaByDefinition(p, width, height).forEach((want, i) =>
          expect(Math.abs((got[i] as number) - want)).toBeLessThanOrEqual(0.5 + 1e-6),
        );
      }),
      { seed: 1, numRuns: 60 },
    );
  });
});

describe('cubic interpolation', () => {
  it('has the weights of a = -0.75 with centres aligned and edges repeated', () => {
    // 2 → 4: x = -0.25, 0.25, 0.75, 1.25. At distance fractions 0.75 and 0.25 the four weights are
    // -0.03515625, 0.26171875, 0.87890625, -0.10546875 and their mirror image.
    const [a, b] = [100, 200];
    const first = (-0.03515625 + 0.26171875 + 0.87890625) * a - 0.10546875 * b;
    const second = (-0.10546875 + 0.87890625) * a + (0.26171875 - 0.03515625) * b;
    const want = [first, second, a + b - second, a + b - first].map((v) => Math.floor(v + 0.5));
    expect(red(resize(grey([[a, b]]), 4, 1))).toEqual(want);
  });

  it('clamps what overshoots', () => {
    const out = red(resize(grey([[0, 0, 255, 255]]), 16, 1));
    expect(Math.min(...out)).toBe(0);
    expect(Math.max(...out)).toBe(255);
    expect(out).toEqual([...out].sort((x, y) => x - y));
  });

  it('equals the sum over the whole kernel, edges repeated', () => {
    const kernel = (x: number) => {
      const d = Math.abs(x);
      if (d <= 1) return 1.25 * d ** 3 - 2.25 * d ** 2 + 1;
      return d < 2 ? -0.75 * (d ** 3 - 5 * d ** 2 + 8 * d - 4) : 0;
    };
    const values = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 30 }), (row, more) => {
        const to = row.length + more;
        const got = red(resize(grey([row]), to, 1));
        got.forEach((value, i) => {
          const x = ((i + 0.5) * row.length) / to - 0.5;
          let sum = 0;
          for (let j = -3; j < row.length + 3; j++)
            sum += kernel(x - j) * (row[Math.min(Math.max(j, 0), row.length - 1)] as number);
          expect(Math.abs(value - Math.min(255, Math.max(0, sum)))).toBeLessThanOrEqual(0.5 + 1e-6);
        });
      }),
      { seed: 4, numRuns: 100 },
    );
  });
});

describe('OpenCV’s rules', () => {
  it('area where a picture grows: the second pixel weighs what lies beyond the first', () => {
    // 2 → 3: (i + 1) − (j + 1)·3/2 = −½, ½, 0. A whole factor repeats.
    expect(red(resize(grey([[100, 201]]), 3, 1, 'area'))).toEqual([100, 151, 201]);
    expect(red(resize(grey([[10, 20]]), 6, 1, 'area'))).toEqual([10, 10, 10, 20, 20, 20]);
    // 3 → 4, j = 0 0 1 2: weights of the second 0, 2/3, 1/3, 0.
    expect(red(resize(grey([[0, 90, 240]]), 4, 1, 'area'))).toEqual([0, 60, 140, 240]);
  });

  it('cubic where a picture shrinks: four taps, whatever the scale', () => {
    // 8 → 2: x = 1.5, 5.5; the weights at ½ are −3/32, 19/32, 19/32, −3/32.
    const row = [0, 0, 96, 0, 0, 32, 0, 0];
    expect(red(resize(grey([row]), 2, 1, 'cubic'))).toEqual([57, 19]);
    expect(red(resize(grey([row]), 2, 1, 'area'))).toEqual([24, 8]);
  });

  it('gives the pixels of OpenCV itself, but for its rounding of weights to 1/2048', async () => {
    interface Case {
      interpolation: Interpolation;
      from: [number, number];
      to: [number, number];
      pixels: number[];
    }
    const file = new URL('../fixtures/media/opencv_resize.json', import.meta.url);
    const { cases } = JSON.parse(await readFile(file, 'utf8')) as { cases: Case[] };
    expect(cases.length).toBeGreaterThan(20);
    for (const { interpolation, from, to, pixels } of cases) {
      const [width, height] = from;
      const data = Uint8Array.from({ length: width * height * 3 }, (_, k) => k * k * 31 + k * 17 + width);
      const got = resize({ width, height, data }, ...to, interpolation).data;
      const apart = pixels.map((value, i) => Math.abs(value - got[i]!));
      const what = `${interpolation} ${from.join('x')} to ${to.join('x')}`;
      expect(got.length, what).toBe(pixels.length);
      expect(Math.max(...apart), what).toBeLessThanOrEqual(1);
      expect(apart.filter((d) => d > 0).length, what).toBeLessThanOrEqual(0.2 * pixels.length);
    }
  });
});

describe('resizing', () => {
  it('keeps a constant picture constant, whatever the sizes', () => {
    fc.assert(
      fc.property(sizes, sizes, sizes, sizes, fc.integer({ min: 0, max: 255 }), (w, h, w2, h2, value) => {
        const p = { width: w, height: h, data: new Uint8Array(w * h * 3).fill(value) };
        const out = resize(p, w2, h2);
        expect([out.width, out.height, out.data.length]).toEqual([w2, h2, w2 * h2 * 3]);
        expect(out.data.every((v) => v === value)).toBe(true);
      }),
      { seed: 2, numRuns: 80 },
    );
  });

  it('treats the three channels and both axes alike', () => {
    const transpose = (p: Picture): Picture => {
      const data = new Uint8Array(p.data.length);
      for (let y = 0; y < p.height; y++)
        for (let x = 0; x < p.width; x++)
          for (let c = 0; c < 3; c++)
            data[(x * p.height + y) * 3 + 2 - c] = p.data[(y * p.width + x) * 3 + c] as number;
      return { width: p.height, height: p.width, data };
    };
    fc.assert(
      fc.property(pictures, sizes, sizes, (p, w, h) => {
        const a = transpose(resize(p, w, h)).data;
        const b = resize(transpose(p), h, w).data;
        // The order of the two passes differs, so a tie may fall the other way.
        a.forEach((v, i) => expect(Math.abs(v - (b[i] as number))).toBeLessThanOrEqual(1));
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  it('returns a picture that already fits, and reuses one resizer for many', () => {
    const p = grey([
      [1, 2],
      [3, 4],
    ]);
    expect(resize(p, 2, 2)).toBe(p);
    const resizer = makeResizer(p, { width: 5, height: 3 });
    const first = resizer(p);
    resizer(grey([[9, 9, 9, 9].slice(2), [7, 7]]));
    expect(resizer(p)).toEqual(first);
    expect(() => resizer(grey([[1]]))).toThrow('resizer for 2x2 was given 1x1');
  });
});

describe('cropping', () => {
  it('takes the centre square', () => {
    expect(red(cropCentreSquare(grey([[1, 2, 3, 4, 5]])))).toEqual([3]);
    expect(red(cropCentreSquare(grey([[1], [2], [3], [4]])))).toEqual([2]);
    expect(
      red(
        fitSquare(
          grey(
            [
              [0, 10, 20, 99, 99],
              [0, 30, 40, 99, 99],
            ].map((r) => r.slice(0, 4)),
          ),
          1,
        ),
      ),
    ).toEqual([25]);
  });

  it('refuses a rectangle that leaves the picture', () => {
    expect(() => crop(grey([[1, 2]]), 1, 0, 2, 1)).toThrow(RangeError);
    expect(
      red(
        crop(
          grey([
            [1, 2],
            [3, 4],
          ]),
          1,
          1,
          1,
          1,
        ),
      ),
    ).toEqual([4]);
  });
});
