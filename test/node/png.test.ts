import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import type { Picture } from '../../src/media/picture.js';
import { createFrameWriter } from '../../src/node/frames.js';
import { decodePng, encodePng, readPng, writePng } from '../../src/node/png.js';

const directory = mkdtempSync(join(tmpdir(), 'float-png-'));
afterAll(() => rmSync(directory, { recursive: true }));

const u32 = (v: number) => [v >>> 24, (v >>> 16) & 255, (v >>> 8) & 255, v & 255];
const chunk = (type: string, body: ArrayLike<number>) => {
  const content = [...Buffer.from(type, 'latin1'), ...Array.from(body)];
  return [...u32(body.length), ...content, ...u32(crc32(Buffer.from(content)))];
};
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

interface Kind {
  width: number;
  height: number;
  depth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey + alpha, 6 RGB + alpha. */
  colour: 0 | 2 | 3 | 4 | 6;
  interlaced?: boolean;
}
const SAMPLES = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 } as const;
/** Adam7: x start, y start, x step, y step of each pass. */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** A PNG of any kind, from its samples, without filters. */
function makePng(
  kind: Kind,
  sample: (x: number, y: number, c: number) => number,
  extra: number[] = [],
): Uint8Array {
  const { width, height, depth, colour, interlaced = false } = kind;
  const bytes: number[] = [];
  for (const [x0, y0, dx, dy] of interlaced ? PASSES : ([[0, 0, 1, 1]] as const))
    for (let y = y0; y < height; y += dy) {
      if (x0 >= width) continue;
      let bits = '';
      for (let x = x0; x < width; x += dx)
        for (let c = 0; c < SAMPLES[colour]; c++) bits += sample(x, y, c).toString(2).padStart(depth, '0');
      bytes.push(0);
      for (let i = 0; i < bits.length; i += 8) bytes.push(parseInt(bits.slice(i, i + 8).padEnd(8, '0'), 2));
    }
  return Uint8Array.from([
    ...SIGNATURE,
    ...chunk('IHDR', [...u32(width), ...u32(height), depth, colour, 0, 0, interlaced ? 1 : 0]),
    ...extra,
    ...chunk('IDAT', deflateSync(Buffer.from(bytes))),
    ...chunk('IEND', []),
  ]);
}
const pixels = (picture: Picture) =>
  Array.from({ length: picture.width * picture.height }, (_, i) => [
    ...picture.data.subarray(i * 3, i * 3 + 3),
  ]);
const decode = (bytes: Uint8Array) => decodePng(bytes, 'a.png');

function messageOf(bytes: Uint8Array): string {
  try {
    decode(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    const { message } = error as InputError;
    expect(message).toMatch(/^a\.png: [^\n]+$/);
    return message;
  }
  throw new Error('decoded without complaint');
}

describe('every kind of PNG', () => {
  const kinds: Kind[] = [];
  for (const interlaced of [false, true])
    for (const [width, height] of [
      [1, 1],
      [5, 3],
      [9, 10],
    ] as const) {
      for (const depth of [1, 2, 4, 8, 16]) kinds.push({ width, height, depth, colour: 0, interlaced });
      for (const colour of [2, 4, 6] as const)
        for (const depth of [8, 16]) kinds.push({ width, height, depth, colour, interlaced });
    }

  it.each(kinds)('$width x $height, colour type $colour, $depth bits, interlaced $interlaced', (kind) => {
    const top = 2 ** kind.depth - 1;
    const sample = (x: number, y: number, c: number) => ((x * 131 + y * 57 + c * 91) * 997) % (top + 1);
    const byte = (x: number, y: number, c: number) => Math.round((sample(x, y, c) * 255) / top);
    const grey = kind.colour === 0 || kind.colour === 4;
    const alpha = (x: number, y: number) =>
      kind.colour === 4 ? byte(x, y, 1) : kind.colour === 6 ? byte(x, y, 3) : 255;
    const want = [];
    for (let y = 0; y < kind.height; y++)
      for (let x = 0; x < kind.width; x++)
        want.push([0, 1, 2].map((c) => Math.round((byte(x, y, grey ? 0 : c) * alpha(x, y)) / 255)));
    const got = decode(makePng(kind, sample));
    expect([got.width, got.height]).toEqual([kind.width, kind.height]);
    expect(pixels(got)).toEqual(want);
  });

  it.each([1, 2, 4, 8])('palettes of %d bits, with transparent entries over black', (depth) => {
    const palette = chunk('PLTE', [10, 20, 30, 200, 100, 50]);
    const transparency = chunk('tRNS', [255, 102]);
    const png = makePng({ width: 2, height: 1, depth, colour: 3 }, (x) => x, [...palette, ...transparency]);
    expect(pixels(decode(png))).toEqual([
      [10, 20, 30],
      [80, 40, 20],
    ]);
  });

  it('one transparent grey or colour becomes black', () => {
    const grey = makePng({ width: 2, height: 1, depth: 8, colour: 0 }, (x) => 70 + x, chunk('tRNS', [0, 70]));
    expect(pixels(decode(grey))).toEqual([
      [0, 0, 0],
      [71, 71, 71],
    ]);
  });

  it('unknown chunks and bytes after the end are passed over', () => {
    const png = makePng({ width: 1, height: 1, depth: 8, colour: 2 }, () => 7, chunk('teXt', [1, 2, 3]));
    expect(pixels(decode(Uint8Array.from([...png, 0, 1, 2])))).toEqual([[7, 7, 7]]);
  });
});

describe('what is refused', () => {
  const sample = (x: number, y: number, c: number) => (x * 37 + y * 11 + c * 5) & 255;
  const png = makePng({ width: 6, height: 5, depth: 8, colour: 2 }, sample);
  const interlaced = makePng({ width: 6, height: 5, depth: 8, colour: 2, interlaced: true }, sample);

  it.each([
    ['plain', png],
    ['interlaced', interlaced],
    ['pngjs', encodePng(decode(png))],
  ])('every file cut short: %s', (_, file) => {
    for (let length = 0; length < file.length; length++)
      expect(messageOf(file.subarray(0, length))).toMatch(/empty file|truncated PNG/);
  });

  it.each([
    ['plain', png],
    ['interlaced', interlaced],
  ])('any damaged byte is noticed: %s', (_, file) => {
    for (let at = 0; at < file.length; at++) {
      const damaged = Uint8Array.from(file);
      damaged[at] = (damaged[at] as number) ^ 0x15;
      expect(messageOf(damaged)).toMatch(/not a PNG|corrupt PNG|truncated PNG|pixels/);
    }
  });

  it('compressed data that end early or are no zlib stream, though their checksums hold', () => {
    const header = [...SIGNATURE, ...chunk('IHDR', [...u32(6), ...u32(5), 8, 2, 0, 0, 0])];
    const around = (data: ArrayLike<number>) =>
      Uint8Array.from([...header, ...chunk('IDAT', data), ...chunk('IEND', [])]);
    const stream = deflateSync(
      Uint8Array.from({ length: 5 * 19 }, (_, i) => (i % 19 === 0 ? 0 : (i * 89) & 255)),
      { level: 0 },
    );
    expect(pixels(decode(around(stream)))[0]).toEqual([89, 178, 11]);
    expect(messageOf(around(stream.subarray(0, 50)))).toContain('corrupt PNG');
    expect(messageOf(around([]))).toContain('corrupt PNG');
    expect(messageOf(around(deflateSync(Buffer.alloc(10_000_000))))).toContain('corrupt PNG');
    expect(messageOf(around([1, 2, 3, 4]))).toContain('corrupt PNG');
    expect(messageOf(around(deflateSync(Buffer.alloc(40))))).toContain('corrupt PNG');
    expect(messageOf(Uint8Array.from([...header, ...chunk('IEND', [])]))).toContain('corrupt PNG');
  });

  it('other files, impossible and enormous sizes', () => {
    expect(messageOf(Buffer.from('GIF89a and so on'))).toContain('not a PNG file');
    const sized = (w: number, h: number) =>
      Uint8Array.from([
        ...SIGNATURE,
        ...chunk('IHDR', [...u32(w), ...u32(h), 8, 2, 0, 0, 0]),
        ...chunk('IEND', []),
      ]);
    expect(messageOf(sized(0, 4))).toContain('0x4 pixels');
    expect(messageOf(sized(20000, 10000))).toContain('20000x10000 pixels, expected at most 8192x8192');
    const form = (bits: number, colours: number, ...rest: number[]) =>
      messageOf(
        Uint8Array.from([...SIGNATURE, ...chunk('IHDR', [...u32(6), ...u32(5), bits, colours, ...rest])]),
      );
    expect(form(8, 5, 0, 0, 0)).toContain('corrupt PNG (colour type 5 with 8 bits)');
    expect(form(3, 0, 0, 0, 0)).toContain('corrupt PNG (colour type 0 with 3 bits)');
    expect(form(8, 2, 0, 0, 2)).toContain('unsupported PNG: compression 0, filter 0, interlace 2');
    const header = chunk('IHDR', [...u32(6), ...u32(5), 8, 2, 0, 0, 0]);
    const needs = Uint8Array.from([...SIGNATURE, ...header, ...chunk('QQQQ', [1])]);
    expect(messageOf(needs)).toContain('unsupported PNG: it needs a chunk "QQQQ"');
    const apple = Uint8Array.from([...SIGNATURE, ...chunk('CgBI', [0, 0, 0, 2]), ...header]);
    expect(messageOf(apple)).toContain('a PNG in Apple’s own form (CgBI): convert it with');
    const noPalette = makePng({ width: 1, height: 1, depth: 8, colour: 3 }, () => 0);
    expect(messageOf(noPalette)).toContain('corrupt PNG');
  });

  it('missing files and directories', async () => {
    const missing = join(directory, 'missing.png');
    await expect(readPng(missing)).rejects.toThrow(
      new InputError(`${missing}: cannot read: no such file or directory`),
    );
    await expect(readPng(directory)).rejects.toThrow(
      new InputError(`${directory}: cannot read: it is a directory`),
    );
  });
});

describe('writing', () => {
  it('reads back what was written, whatever the size', async () => {
    const pictures = fc
      .record({ width: fc.integer({ min: 1, max: 30 }), height: fc.integer({ min: 1, max: 30 }) })
      .chain(({ width, height }) =>
        fc
          .uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 })
          .map((data) => ({ width, height, data })),
      );
    const path = join(directory, 'a.png');
    await fc.assert(
      fc.asyncProperty(pictures, async (picture) => {
        await writePng(path, picture);
        const back = await readPng(path);
        expect([back.width, back.height]).toEqual([picture.width, picture.height]);
        expect(Buffer.from(back.data).equals(Buffer.from(picture.data))).toBe(true);
      }),
      { seed: 1, numRuns: 25 },
    );
    expect(readdirSync(directory)).toEqual(['a.png']);
  });

  it('into what is no directory fails in one line and leaves nothing', async () => {
    const picture = { width: 1, height: 1, data: Uint8Array.of(1, 2, 3) };
    const path = join(directory, 'no', 'a.png');
    await expect(writePng(path, picture)).rejects.toThrow(
      new InputError(`cannot write ${path}: no such file or directory`),
    );
    await expect(writePng(directory, picture)).rejects.toThrow(
      new InputError(`cannot write ${directory}: it is a directory`),
    );
  });

  it('frames are numbered from 0', async () => {
    const frames = join(directory, 'deep', 'frames');
    const writer = await createFrameWriter(frames);
    for (const v of [1, 2]) await writer.addFrame({ width: 1, height: 1, data: Uint8Array.of(v, v, v) });
    expect(readdirSync(frames)).toEqual(['frame000000.png', 'frame000001.png']);
    expect([...(await readPng(join(frames, 'frame000001.png'))).data]).toEqual([2, 2, 2]);
    writeFileSync(join(directory, 'file'), '');
    await expect(createFrameWriter(join(directory, 'file'))).rejects.toThrow(InputError);
  });

  it('the golden pictures survive', () => {
    const bytes = readFileSync(new URL('../../golden/tiny/image.png', import.meta.url));
    const picture = decode(bytes);
    expect(decode(encodePng(picture))).toEqual(picture);
  });
});
