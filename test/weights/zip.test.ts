import { readFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBuffer, type Entry, type ZipFile } from 'yauzl';
import { InputError } from '../../src/base/errors.js';
import { memorySource, type ByteSource } from '../../src/weights/source.js';
import { readZipDirectory, readZipEntry } from '../../src/weights/zip.js';
import { rejection } from './golden.js';
import { concat, little, zipped } from './torch-writer.js';
import { fixture } from './torch-fixtures.js';

const source = (bytes: Uint8Array): ByteSource => memorySource('x.pth', bytes);

/** Every file of an archive as yauzl reads it. */
async function withYauzl(bytes: Uint8Array): Promise<Map<string, Buffer>> {
  const zip = await new Promise<ZipFile>((resolve, reject) => {
    fromBuffer(Buffer.from(bytes), { lazyEntries: true }, (error, file) => (error ? reject(error) : resolve(file)));
  });
  const read = (entry: Entry) =>
    new Promise<Buffer>((resolve, reject) => {
      zip.openReadStream(entry, (error, stream) => {
        if (error) return reject(error);
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('error', reject).on('end', () => resolve(Buffer.concat(chunks)));
      });
    });
  const files = new Map<string, Buffer>();
  return new Promise((resolve, reject) => {
    zip.on('error', reject).on('end', () => resolve(files));
    zip.on('entry', (entry: Entry) => {
      read(entry).then((data) => {
        files.set(entry.fileName, data);
        zip.readEntry();
      }, reject);
    });
    zip.readEntry();
  });
}

async function withOurs(bytes: Uint8Array): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const entry of (await readZipDirectory(source(bytes))).values()) {
    files.set(entry.name, Buffer.from(await readZipEntry(source(bytes), entry)));
  }
  return files;
}

describe('readZipDirectory', () => {
  it.each(['zip.pth', 'protocol4.pth', 'tiny/float.pth'])('reads what PyTorch wrote as yauzl does: %s', async (name) => {
    const bytes = readFileSync(fixture(name));
    const files = await withOurs(bytes);
    expect(files.size).toBeGreaterThan(20);
    expect(files).toEqual(await withYauzl(bytes));
  });

  it('reads zip and zip64, with and without a comment, as yauzl does', async () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '.'), minLength: 1, maxLength: 6 });
    const files = fc.uniqueArray(fc.tuple(name, fc.uint8Array({ maxLength: 200 })), { selector: ([name]) => name });
    // Names with the archive's folder in front, as PyTorch's; the UTF-8 flag set.
    const check = async (list: [string, Uint8Array][], zip64: boolean, comment: string) => {
      const named = list.map(([name, data]): [string, Uint8Array] => [`archive/x${name}`, data]);
      const bytes = zipped(named, { zip64, comment, flags: 0x800 });
      expect(await withOurs(bytes)).toEqual(await withYauzl(bytes));
      expect([...(await withOurs(bytes)).keys()]).toEqual(named.map(([name]) => name));
    };
    await fc.assert(fc.asyncProperty(files, fc.boolean(), fc.string({ unit: 'grapheme-ascii' }), check), {
      seed: 2,
      numRuns: 100,
    });
  });

  it('reads a part of a file in place', async () => {
    const bytes = source(zipped([['a', Uint8Array.from([1, 2, 3, 4, 5])]]));
    const entry = (await readZipDirectory(bytes)).get('a')!;
    expect([...(await readZipEntry(bytes, entry, 1, 3))]).toEqual([2, 3, 4]);
    expect(await rejection(readZipEntry(bytes, entry, 3, 3), InputError)).toContain('"a" of 5 bytes does not fit');
  });
});

describe('an archive that is refused', () => {
  const files: [string, Uint8Array][] = [['archive/data.pkl', Uint8Array.from([1, 2, 3])]];
  const whole = zipped(files);
  const bomb = deflateRawSync(Buffer.alloc(2 ** 24));

  const cases: [string, Uint8Array, string][] = [
    ['a zip bomb', zipped([['a', bomb]], { method: 8, size: 2 ** 24 }), '"a" in this zip archive is compressed'],
    ['a zip64 bomb', zipped([['a', bomb]], { method: 8, size: 2 ** 40, zip64: true }), '"a" in this zip archive is c'],
    ['a bomb that claims to be stored', zipped([['a', bomb]], { size: 2 ** 31 }), 'has two sizes'],
    ['an encrypted file', zipped(files, { flags: 1 }), 'is encrypted'],
    ['two files of one name', zipped([...files, ...files]), 'it holds two files "archive/data.pkl"'],
    ['nothing', new Uint8Array(), 'it has no directory at its end'],
    ['a directory outside', concat(whole.subarray(0, -6), little(2 ** 31, 4), [0, 0]), 'its directory of 62 bytes at'],
    ['zip64 sizes outside', zipped(files, { zip64: true, size: 2 ** 50 }), 'it points to byte 1125899906842624'],
  ];
  it.each(cases)('%s', async (_, bytes, expected) => {
    const read = readZipDirectory(source(bytes)).then(async (entries) => {
      for (const entry of entries.values()) await readZipEntry(source(bytes), entry);
    });
    expect(await rejection(read, InputError)).toContain(expected);
  });

  it('is refused wherever it is cut short', async () => {
    for (let length = 0; length < whole.length; length++) {
      const message = await rejection(readZipDirectory(source(whole.subarray(0, length))), InputError);
      expect(message).toContain('x.pth: damaged zip archive');
    }
  });

  it.each([
    ['name', 28],
    ['extra field', 30],
    ['comment', 32],
  ])('is refused when the %s of a file goes beyond its directory', async (_, at) => {
    const longer = whole.slice();
    longer.set(little(500, 2), whole.length - 22 - 62 + at);
    expect(await rejection(readZipDirectory(source(longer)), InputError)).toContain('its directory is cut short');
  });

  it('is refused when a file lies outside of it', async () => {
    const moved = whole.slice();
    moved.set(little(whole.length - 10, 4), whole.length - 22 - 62 + 42);
    const entry = [...(await readZipDirectory(source(moved))).values()][0]!;
    expect(await rejection(readZipEntry(source(moved), entry), InputError)).toContain('begins past its end');
    moved.set(little(1, 4), whole.length - 22 - 62 + 42);
    const other = [...(await readZipDirectory(source(moved))).values()][0]!;
    expect(await rejection(readZipEntry(source(moved), other), InputError)).toContain('has no header');
  });
});
