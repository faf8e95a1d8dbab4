import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { even, toI420 } from '../../src/media/yuv.js';

const flat = (rgb: [number, number, number]) => ({
  width: 2,
  height: 2,
  data: Uint8Array.from([...rgb, ...rgb, ...rgb, ...rgb]),
});
const yuvOf = (rgb: [number, number, number]) => {
  const i420 = toI420(flat(rgb));
  return [i420[0], i420[4], i420[5]];
};

function byFormula(r: number, g: number, b: number): [number, number, number] {
  const y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return [
    16 + (219 / 255) * y,
    128 + ((224 / 255) * (b - y)) / (2 * (1 - 0.0722)),
    128 + ((224 / 255) * (r - y)) / (2 * (1 - 0.2126)),
  ];
}

describe('BT.709 limited range', () => {
  it('has the standard values of the primaries', () => {
    expect(yuvOf([0, 0, 0])).toEqual([16, 128, 128]);
    expect(yuvOf([255, 255, 255])).toEqual([235, 128, 128]);
    expect(yuvOf([255, 0, 0])).toEqual([63, 102, 240]);
    expect(yuvOf([0, 255, 0])).toEqual([173, 42, 26]);
    expect(yuvOf([0, 0, 255])).toEqual([32, 240, 118]);
  });

  it('keeps greys grey', () => {
    for (let v = 0; v < 256; v++) expect(yuvOf([v, v, v]).slice(1)).toEqual([128, 128]);
  });

  it('is the formula, rounded', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(byte, byte, byte, (r, g, b) => {
        const want = byFormula(r, g, b);
        yuvOf([r, g, b]).forEach((v, i) =>
          expect(Math.abs((v as number) - (want[i] as number))).toBeLessThan(0.501),
        );
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('averages chroma over two by two pixels', () => {
    const data = Uint8Array.from([255, 0, 0, 0, 0, 255, 0, 255, 0, 255, 255, 255]);
    const i420 = toI420({ width: 2, height: 2, data });
    const [, cb, cr] = byFormula(127.5, 127.5, 127.5);
    expect([...i420]).toEqual([63, 32, 173, 235, cb, cr]);
  });

  it('repeats the last column and row of odd pictures', () => {
    expect([even(0), even(1), even(2), even(511)]).toEqual([0, 2, 2, 512]);
    const odd = toI420({ width: 1, height: 3, data: Uint8Array.from([0, 0, 0, 255, 255, 255, 255, 0, 0]) });
    expect([...odd]).toEqual([16, 16, 235, 235, 63, 63, 63, 63, 128, 102, 128, 240]);
  });
});
