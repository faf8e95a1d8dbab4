import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exifOrientation, upright, type Orientation } from '../../src/media/exif.js';

type Entry = readonly [tag: number, type: number, value: number];

/** A TIFF block whose directory lies at byte `at`. */
function exif(entries: readonly Entry[], { little = true, at = 8 } = {}): Uint8Array {
  const bytes = new Uint8Array(at + 2 + 12 * entries.length + 4);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, little ? 0x4949 : 0x4d4d);
  view.setUint16(2, 42, little);
  view.setUint32(4, at, little);
  view.setUint16(at, entries.length, little);
  entries.forEach(([tag, type, value], i) => {
    const entry = at + 2 + 12 * i;
    view.setUint16(entry, tag, little);
    view.setUint16(entry + 2, type, little);
    view.setUint32(entry + 4, 1, little);
    view.setUint16(entry + 8, value, little);
  });
  return bytes;
}

describe('the Orientation of an EXIF block', () => {
  it.each([true, false])('is found among others, little-endian: %s', (little) => {
    for (const value of [1, 2, 3, 4, 5, 6, 7, 8])
      expect(
        exifOrientation(
          exif(
            [
              [0x100, 3, 5],
              [0x112, 3, value],
              [0x131, 3, 2],
            ],
            { little, at: 20 },
          ),
        ),
      ).toBe(value);
  });

  it('is upright where it is missing or impossible', () => {
    expect(exifOrientation(exif([[0x100, 3, 5]]))).toBe(1);
    for (const value of [0, 9, 300]) expect(exifOrientation(exif([[0x112, 3, value]]))).toBe(1);
    expect(exifOrientation(exif([[0x112, 2, 6]]))).toBe(1);
  });

  /** An entry of `count` equal values of one integer type, inline or at the offset 64. */
  const integers = (type: number, value: number, count: number, little: boolean) => {
    const bytes = new Uint8Array(100);
    bytes.set(exif([[0x112, type, 0]], { little }));
    const view = new DataView(bytes.buffer);
    const size = [0, 1, 0, 2, 4, 0, 1, 0, 2, 4][type]!;
    const inline = size * count <= 4;
    view.setUint32(8 + 2 + 4, count, little);
    view.setUint32(8 + 2 + 8, inline ? 0 : 64, little);
    for (let i = 0; i < count; i++) {
      const at = (inline ? 18 : 64) + i * size;
      if (size === 1) view.setInt8(at, value);
      else if (size === 2) view.setInt16(at, value, little);
      else view.setInt32(at, value, little);
    }
    return bytes;
  };

  it.each([
    ['BYTE', 1],
    ['SHORT', 3],
    ['LONG', 4],
    ['SBYTE', 6],
    ['SSHORT', 8],
    ['SLONG', 9],
  ])('may be a %s, in either byte order, one or several', (_, type) => {
    for (const little of [true, false])
      for (const count of [1, 2, 5]) {
        for (const value of [1, 3, 6, 8])
          expect(exifOrientation(integers(type, value, count, little))).toBe(value);
        for (const value of [0, 9, -1, -6])
          expect(exifOrientation(integers(type, value, count, little))).toBe(1);
      }
  });

  it('is upright where the type is no integer, there is no value, or it lies outside', () => {
    for (const type of [0, 2, 5, 7, 10, 11, 12, 13, 255])
      expect(exifOrientation(exif([[0x112, type, 6]]))).toBe(1);
    expect(exifOrientation(integers(4, 6, 0, true))).toBe(1);
    for (const end of [64, 65, 66, 67])
      expect(exifOrientation(integers(4, 6, 2, true).subarray(0, end))).toBe(1);
  });

  it('is read from inside the block only', () => {
    const block = exif([[0x112, 3, 6]]);
    for (let length = 0; length < 22; length++) expect(exifOrientation(block.subarray(0, length))).toBe(1);
    const far = exif([[0x112, 3, 6]]);
    new DataView(far.buffer).setUint32(4, 0xfffffff0, true);
    expect(exifOrientation(far)).toBe(1);
    const many = exif([[0x100, 3, 5]]);
    new DataView(many.buffer).setUint16(8, 0xffff, true);
    expect(exifOrientation(many)).toBe(1);
  });

  it('never fails, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (rest, little) => {
        const bytes = Uint8Array.of(...(little ? [0x49, 0x49, 42, 0] : [0x4d, 0x4d, 0, 42]), ...rest);
        expect(exifOrientation(bytes)).toBeGreaterThanOrEqual(1);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe('turning a picture upright', () => {
  // Two columns, three rows; a letter a pixel.
  const stored = 'ab cd ef';
  const seen: Record<Orientation, string> = {
    1: 'ab cd ef',
    2: 'ba dc fe',
    3: 'fe dc ba',
    4: 'ef cd ab',
    5: 'ace bdf',
    6: 'eca fdb',
    7: 'fdb eca',
    8: 'bdf ace',
  };
  const picture = (text: string) => {
    const rows = text.split(' ');
    const letters = [...rows.join('')].map((letter) => letter.charCodeAt(0));
    const data = Uint8Array.from(letters.flatMap((code) => [code, code + 1, code + 2]));
    return { width: rows[0]?.length as number, height: rows.length, data };
  };

  it.each([1, 2, 3, 4, 5, 6, 7, 8] as const)('orientation %d', (orientation) => {
    expect(upright(picture(stored), orientation)).toEqual(picture(seen[orientation]));
  });
});
