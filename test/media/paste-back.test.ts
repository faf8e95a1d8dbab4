import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { featherRamp, fitLongSide, makePasteBack, pastedSquare } from '../../src/media/paste-back.js';
import type { Picture } from '../../src/media/picture.js';
import { resize } from '../../src/media/resize.js';

function noise(width: number, height: number, seed: number): Picture {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24;
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, next) };
}

const pixel = ({ width, data }: Picture, x: number, y: number) => [
  ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];

describe('makePasteBack', () => {
  it('leaves the original untouched outside the square, shows the frame inside, and stays between them', () => {
    const drawn = fc.record({
      width: fc.integer({ min: 10, max: 60 }),
      height: fc.integer({ min: 10, max: 60 }),
      x: fc.integer({ min: -20, max: 50 }),
      y: fc.integer({ min: -20, max: 50 }),
      size: fc.integer({ min: 8, max: 60 }),
      frame: fc.integer({ min: 8, max: 24 }),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(drawn, ({ width, height, x, y, size, frame, seed }) => {
        const original = noise(width, height, seed);
        const animated = noise(frame, frame, seed + 1);
        const pasted = makePasteBack(original, { x, y, size }, frame)(animated);
        const fitted = resize(animated, size, size);
        expect([pasted.width, pasted.height]).toEqual([width, height]);
        for (let row = 0; row < height; row++) {
          for (let column = 0; column < width; column++) {
            const [u, v] = [column - x, row - y];
            const behind = pixel(original, column, row);
            const got = pixel(pasted, column, row);
            if (u < 0 || v < 0 || u >= size || v >= size) {
              expect(got).toEqual(behind);
              continue;
            }
            const front = pixel(fitted, u, v);
            const deep = Math.min(u, v, size - 1 - u, size - 1 - v) >= size / 8;
            if (deep) expect(got).toEqual(front);
            got.forEach((value, c) => {
              expect(value).toBeGreaterThanOrEqual(Math.min(front[c]!, behind[c]!));
              expect(value).toBeLessThanOrEqual(Math.max(front[c]!, behind[c]!));
            });
          }
        }
      }),
      { numRuns: 40, seed: 1 },
    );
  });

  it('is the resized frame where the square is the whole picture', () => {
    const frame = noise(8, 8, 2);
    const pasted = makePasteBack(noise(20, 20, 1), { x: 0, y: 0, size: 20 }, 8)(frame);
    expect(pasted).toEqual(resize(frame, 20, 20));
  });

  it('puts the square in its place in an output of another size', () => {
    const original = noise(160, 90, 1);
    const output = fitLongSide(original, 320);
    expect(output).toEqual({ width: 320, height: 180 });
    const frame = noise(16, 16, 2);
    const pasted = makePasteBack(original, { x: 40, y: 20, size: 50 }, 16, output)(frame);
    expect([pasted.width, pasted.height]).toEqual([320, 180]);
    const [background, fitted] = [resize(original, 320, 180), resize(frame, 100, 100)];
    expect(pixel(pasted, 79, 60)).toEqual(pixel(background, 79, 60));
    expect(pixel(pasted, 180, 60)).toEqual(pixel(background, 180, 60));
    expect(pixel(pasted, 130, 90)).toEqual(pixel(fitted, 50, 50));
  });

  it('leaves no step at the border: one eighth of black fades into white', () => {
    const white = { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3).fill(255) };
    const black = { width: 16, height: 16, data: new Uint8Array(16 * 16 * 3) };
    const pasted = makePasteBack(white, { x: 8, y: 8, size: 48 }, 16)(black);
    const row = Array.from({ length: 64 }, (_, x) => pixel(pasted, x, 32)[0]!);
    expect(row[32]).toBe(0);
    expect(row[7]! - row[8]!).toBeLessThan(8);
    expect(row[13]! - row[14]!).toBeLessThan(8);
    for (let x = 8; x < 14; x++) expect(row[x]! - row[x + 1]!).toBeLessThanOrEqual(64);
  });
});

describe('featherRamp', () => {
  it('rises from 0 to 1 within an eighth of the square, at feathered ends only', () => {
    const both = featherRamp(80, { before: true, after: true });
    expect(both[0]).toBeLessThan(0.02);
    expect([...both.subarray(10, 70)].every((value) => value === 1)).toBe(true);
    expect([...both].reverse()).toEqual([...both]);
    expect([...featherRamp(80, { before: false, after: true }).subarray(0, 70)].every((v) => v === 1)).toBe(
      true,
    );
  });
});

describe('pastedSquare', () => {
  it('scales to whole pixels', () => {
    const square = { x: 100, y: 50, size: 301 };
    expect(pastedSquare(square, { width: 1920, height: 1080 }, { width: 1920, height: 1080 })).toEqual(
      square,
    );
    const half = pastedSquare(square, { width: 1920, height: 1080 }, { width: 960, height: 540 });
    expect(half).toEqual({ x: 50, y: 25, size: 151 });
  });
});
