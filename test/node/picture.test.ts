import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import type { Picture } from '../../src/media/picture.js';
import { readPicture } from '../../src/node/picture.js';

const directory = mkdtempSync(join(tmpdir(), 'float-picture-'));
afterAll(() => rmSync(directory, { recursive: true }));

const fixture = (name: string) => new URL(`../fixtures/media/${name}`, import.meta.url).pathname;

/** Of two pictures of one size, in dB; Infinity for equal ones. */
function psnr(a: Picture, b: Picture): number {
  expect([a.width, a.height]).toEqual([b.width, b.height]);
  const sum = a.data.reduce((total, value, i) => total + (value - (b.data[i] as number)) ** 2, 0);
  return 10 * Math.log10(255 ** 2 / (sum / a.data.length));
}
/** Luma as ImageMagick has it (BT.709), in all three channels. */
function grey(picture: Picture): Picture {
  const data = picture.data.slice();
  for (let i = 0; i < data.length; i += 3) {
    const [r, g, b] = data.subarray(i, i + 3) as unknown as [number, number, number];
    data.fill(Math.round(0.2126 * r + 0.7152 * g + 0.0722 * b), i, i + 3);
  }
  return { ...picture, data };
}

/** The complaint about a file of these bytes, checked to be one line that names it. */
async function complaint(bytes: Uint8Array): Promise<string> {
  const path = join(directory, 'a.jpg');
  writeFileSync(path, bytes);
  const error: unknown = await readPicture(path).then(
    () => new Error('decoded without complaint'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InputError);
  const { message } = error as InputError;
  expect(message.startsWith(`${path}: `), message).toBe(true);
  expect(message).not.toContain('\n');
  return message.slice(path.length + 2);
}

describe('every format gives the picture it was made from', async () => {
  const original = await readPicture(fixture('picture.png'));

  // What ImageMagick's own decoders say of these files, less a decibel.
  it.each([
    ['baseline.jpg', 43.2],
    ['progressive.jpg', 35.7],
    ['lossy.webp', 35.9],
  ])('%s, at least %d dB', async (name, least) => {
    expect(psnr(await readPicture(fixture(name)), original)).toBeGreaterThan(least);
  });

  it('lossless WebP exactly', async () => {
    expect(await readPicture(fixture('lossless.webp'))).toEqual(original);
  });

  it('alpha over black, in WebP as in PNG', async () => {
    const png = await readPicture(fixture('alpha.png'));
    expect(psnr(await readPicture(fixture('alpha.webp')), png)).toBeGreaterThan(55);
    expect([...png.data.subarray(0, 3)]).toEqual([0, 0, 0]);
    const last = (png.width - 1) * 3;
    expect([...png.data.subarray(last, last + 3)]).toEqual([...original.data.subarray(last, last + 3)]);
  });

  it('a grey JPEG as RGB', async () => {
    const got = await readPicture(fixture('grey.jpg'));
    expect(psnr(got, grey(got))).toBe(Infinity);
    expect(psnr(got, grey(original))).toBeGreaterThan(40);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('a JPEG stored in EXIF orientation %d', async (n) => {
    expect(psnr(await readPicture(fixture(`orientation${n}.jpg`)), original)).toBeGreaterThan(43);
  });

  it('a WebP stored in EXIF orientation 6', async () => {
    expect(await readPicture(fixture('orientation6.webp'))).toEqual(original);
  });

  it('whatever the file is called', async () => {
    const path = join(directory, 'photo.png');
    writeFileSync(path, readFileSync(fixture('lossless.webp')));
    expect(await readPicture(path)).toEqual(original);
  });

  it('several at a time, one of them damaged', async () => {
    const broken = join(directory, 'broken.jpg');
    writeFileSync(broken, damaged(readFileSync(fixture('baseline.jpg'))));
    const names = ['baseline.jpg', 'lossless.webp', 'orientation3.jpg', 'grey.jpg'].map(fixture);
    const results = await Promise.allSettled([broken, ...names, broken].map((name) => readPicture(name)));
    expect(results.map(({ status }) => status)).toEqual([
      'rejected',
      ...names.map(() => 'fulfilled'),
      'rejected',
    ]);
  });
});

/** Some bytes of the coded picture replaced. */
function damaged(file: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(file);
  const middle = Math.floor(bytes.length * 0.8);
  return bytes.fill(0xaa, middle, middle + 60);
}

describe('what is refused', () => {
  const read = (name: string) => readFileSync(fixture(name));

  it.each([
    'baseline.jpg',
    'progressive.jpg',
    'orientation6.jpg',
    'lossy.webp',
    'lossless.webp',
    'alpha.webp',
  ])('%s cut short anywhere', async (name) => {
    const file = read(name);
    for (let length = 0; length < file.length; length += length < 40 ? 1 : 97)
      expect(await complaint(file.subarray(0, length))).toMatch(/empty file|truncated (JPEG|WebP|PNG)/);
  });

  it('a JPEG with damaged data', async () => {
    expect(await complaint(damaged(read('baseline.jpg')))).toContain('corrupt JPEG');
  });

  it('kinds that are not decoded, by name', async () => {
    expect(await complaint(read('cmyk.jpg'))).toContain('4 colours');
    expect(await complaint(read('animated.webp'))).toContain('animated WebP');
    expect(await complaint(Buffer.from('GIF89a and so on'))).toBe('a GIF, not a PNG, JPEG or WebP file');
    expect(await complaint(Buffer.from('\0\0\0\x18ftypheic\0\0\0\0'))).toMatch(/^a HEIC picture, /);
    for (const [start, what] of [
      ['RIFF\x10\0\0\0WAVEfmt ', 'a WAV'],
      ['\0\0\0\x18ftypisom\0\0\0\0', 'a video or an M4A'],
      ['\xef\xbb\xbf<?xml version="1.0"?><!-- drawn --><svg width="1">', 'an SVG drawing'],
      ['<!doctype html><title>404</title>', 'an HTML page'],
      ['version https://git-lfs.github.com/spec/v1\noid sha256:1', 'a Git LFS pointer (run "git lfs pull")'],
      ['/annex/objects/SHA256E-s1--a.png\n', 'a git-annex pointer (run "git annex get")'],
      ['\x1f\x8b\x08\0', 'compressed with gzip'],
      ['%PDF-1.7', 'a PDF document'],
    ] as const) {
      expect(await complaint(Buffer.from(start, 'latin1'))).toBe(`${what}, not a PNG, JPEG or WebP file`);
    }
    expect(await complaint(Buffer.from('hello'))).toBe('not a PNG, JPEG or WebP file');
    const arithmetic = Uint8Array.from(read('baseline.jpg'));
    arithmetic[frameHeader(arithmetic) + 1] = 0xc9;
    expect(await complaint(arithmetic)).toContain('arithmetic');
  });

  it('impossible and enormous sizes, before any memory is spent on them', async () => {
    const sized = (height: number, width: number) => {
      const bytes = Uint8Array.from(read('baseline.jpg'));
      const view = new DataView(bytes.buffer);
      view.setUint16(frameHeader(bytes) + 5, height);
      view.setUint16(frameHeader(bytes) + 7, width);
      return bytes;
    };
    expect(await complaint(sized(8193, 8192))).toBe('8192x8193 pixels, expected at most 8192x8192');
    expect(await complaint(sized(0, 61))).toBe('corrupt JPEG (61x0 pixels)');
    const webp = Uint8Array.from(read('lossy.webp'));
    new DataView(webp.buffer).setUint32(26, 0x3fff3fff, true);
    expect(await complaint(webp)).toBe('16383x16383 pixels, expected at most 8192x8192');
  });

  it('a JPEG that would keep the decoder busy for ever', async () => {
    const file = read('progressive.jpg');
    const scan = file.subarray(file.lastIndexOf(Buffer.of(0xff, 0xda)), file.length - 2);
    const many = Buffer.concat([file.subarray(0, -2), ...Array<Buffer>(200).fill(scan), file.subarray(-2)]);
    expect(await complaint(many)).toContain('more than 100 scans');
  });

  it('missing files and directories', async () => {
    const missing = join(directory, 'missing.jpg');
    await expect(readPicture(missing)).rejects.toThrow(`${missing}: cannot read: no such file`);
    await expect(readPicture(directory)).rejects.toThrow(`${directory}: cannot read: it is a directory`);
  });

  it('or decodes to its announced size, whatever bytes are changed', async () => {
    const files = [
      'progressive.jpg',
      'orientation6.jpg',
      'lossy.webp',
      'alpha.webp',
      'orientation6.webp',
    ].map(read);
    const mutations = fc.array(
      // Without a bias to the ends: most would be of the first bytes, which no file survives.
      fc.tuple(fc.noBias(fc.nat()), fc.integer({ min: 0, max: 255 })),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
    const path = join(directory, 'mutated');
    const count = { refused: 0, decoded: 0 };
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), mutations, async (file, changes) => {
        const bytes = Uint8Array.from(file);
        for (const [where, value] of changes) bytes[where % bytes.length] = value;
        writeFileSync(path, bytes);
        const result = await readPicture(path).catch((error: unknown) => error);
        count[result instanceof Error ? 'refused' : 'decoded']++;
        if (result instanceof Error) {
          expect(result).toBeInstanceOf(InputError);
          return;
        }
        const picture = result as Picture;
        expect(picture.data.length).toBe(picture.width * picture.height * 3);
      }),
      { seed: 1, numRuns: 300 },
    );
    expect(Math.min(count.refused, count.decoded)).toBeGreaterThan(30);
  });
});

/** Where the marker SOF0 is. */
function frameHeader(jpeg: Uint8Array): number {
  return Buffer.from(jpeg).indexOf(Buffer.of(0xff, 0xc0));
}
