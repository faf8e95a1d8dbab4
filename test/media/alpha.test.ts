import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { removeAlpha, type AlphaRule } from '../../src/media/alpha.js';
import { decodePicture } from '../../src/media/picture-format.js';
import { decodePngRgba } from '../../src/node/png.js';

const chunk = (name: string, body: Uint8Array) => {
  const bytes = Buffer.alloc(body.length + 12);
  bytes.writeUInt32BE(body.length);
  bytes.write(name, 4, 'latin1');
  bytes.set(body, 8);
  bytes.writeUInt32BE(crc(bytes.subarray(4, -4)), body.length + 8);
  return bytes;
};
/** PNG's CRC-32, bit by bit: zlib of Node 20.19 may lack it. */
function crc(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  }
  return ~value >>> 0;
}

/** One row of two pixels. */
function png(bits: number, colourType: number, row: readonly number[], ...chunks: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(2, 0);
  header.writeUInt32BE(1, 4);
  header.set([bits, colourType], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    ...chunks,
    chunk('IDAT', deflateSync(Buffer.from([0, ...row]))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
const of = (...bytes: number[]) => Buffer.from(bytes);

async function read(bytes: Uint8Array, alpha?: AlphaRule) {
  const notes: string[] = [];
  const options = { note: (line: string) => notes.push(line), ...(alpha && { alpha }) };
  const picture = await decodePicture(bytes, 'a.png', { decodePng: decodePngRgba }, options);
  return { ...picture, data: [...picture.data], notes };
}

describe('transparency', () => {
  it.each<[string, Buffer, number[], number[]]>([
    [
      'RGB with alpha',
      png(8, 6, [200, 100, 50, 128, 10, 20, 30, 0]),
      [100, 50, 25, 0, 0, 0],
      [200, 100, 50, 10, 20, 30],
    ],
    ['grey with alpha', png(8, 4, [200, 51, 90, 255]), [40, 40, 40, 90, 90, 90], [200, 200, 200, 90, 90, 90]],
    [
      'a palette with tRNS',
      png(8, 3, [1, 0], chunk('PLTE', of(9, 8, 7, 60, 70, 80)), chunk('tRNS', of(255, 0))),
      [0, 0, 0, 9, 8, 7],
      [60, 70, 80, 9, 8, 7],
    ],
    [
      'RGB with a transparent colour',
      png(8, 2, [1, 2, 3, 4, 5, 6], chunk('tRNS', of(0, 1, 0, 2, 0, 3))),
      [0, 0, 0, 4, 5, 6],
      [1, 2, 3, 4, 5, 6],
    ],
    [
      '16 bits with alpha',
      png(16, 6, [255, 255, 128, 128, 0, 0, 0, 0, 10, 10, 20, 20, 30, 30, 255, 255]),
      [0, 0, 0, 10, 20, 30],
      [255, 128, 0, 10, 20, 30],
    ],
  ])('of %s: over black, or dropped, and told', async (_, bytes, blended, dropped) => {
    const blend = await read(bytes);
    expect(blend.data).toEqual(blended);
    expect(blend.notes).toEqual([
      expect.stringMatching(/^a.png: is transparent in places: laid over black .*"drop"/),
    ]);
    const drop = await read(bytes, 'drop');
    expect(drop.data).toEqual(dropped);
    expect(drop.notes).toEqual([
      expect.stringMatching(/^a.png: is transparent in places: the colours beneath show/),
    ]);
  });

  it('of a picture that only could be: nothing is told', async () => {
    const { data, notes } = await read(png(8, 6, [1, 2, 3, 255, 4, 5, 6, 255]));
    expect([data, notes]).toEqual([[1, 2, 3, 4, 5, 6], []]);
  });

  it('is told once, of any size', () => {
    const notes: string[] = [];
    removeAlpha({ width: 50, height: 1, data: new Uint8Array(200) }, 'b', {
      note: (line) => notes.push(line),
    });
    expect(notes.length).toBe(1);
  });
});

describe('a PNG', () => {
  it('is turned as its eXIf says; a broken one is left as it is', async () => {
    const exif = (...value: number[]) =>
      chunk('eXIf', of(0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, ...value));
    const long = exif(0, 4, 0, 0, 0, 1, 0, 0, 0, 6);
    expect(await read(png(8, 2, [1, 2, 3, 4, 5, 6], long))).toMatchObject({ width: 1, height: 2 });
    const short = exif(0, 3, 0, 0, 0, 1, 0, 3, 0, 0);
    expect((await read(png(8, 2, [1, 2, 3, 4, 5, 6], short))).data).toEqual([4, 5, 6, 1, 2, 3]);
    for (const broken of [exif(), chunk('eXIf', of()), exif(0, 2, 0, 0, 0, 9, 255, 255, 255, 255)])
      expect((await read(png(8, 2, [1, 2, 3, 4, 5, 6], broken))).data).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('that is animated gives its still picture, and says so', async () => {
    const { data, notes } = await read(
      png(8, 2, [1, 2, 3, 4, 5, 6], chunk('acTL', of(0, 0, 0, 1, 0, 0, 0, 0))),
    );
    expect(data).toEqual([1, 2, 3, 4, 5, 6]);
    expect(notes).toEqual(['a.png: an animated PNG, of which the still picture is taken']);
  });
});
