import fc from 'fast-check';
import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { archiveName, unpackDriver } from '../../src/node/driver-files.js';
import { driverPlaces } from '../../src/node/driver-places.js';
import { readTar } from '../../src/node/tar.js';

/** A ustar archive; a name that ends in a slash makes a folder. */
function writeTar(files: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  const blocks = files.map(([name, contents]) => {
    const block = new Uint8Array(512 + Math.ceil(contents.length / 512) * 512);
    new TextEncoder().encodeInto(name, block);
    new TextEncoder().encodeInto(contents.length.toString(8).padStart(11, '0'), block.subarray(124));
    block[156] = (name.endsWith('/') ? '5' : '0').charCodeAt(0);
    block.set(contents, 512);
    return block;
  });
  return new Uint8Array(Buffer.concat([...blocks, new Uint8Array(1024)]));
}

describe('readTar', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9._-]{0,60}$/);
  const contents = fc.uint8Array({ maxLength: 1500 });

  test('gives back the files that were put in, without the folders', () => {
    fc.assert(
      fc.property(fc.dictionary(name, contents), (files) => {
        const archive = writeTar([['folder/', new Uint8Array(0)], ...Object.entries(files)]);
        expect(readTar(archive)).toEqual(new Map(Object.entries(files)));
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  test('takes names with a leading ./', () => {
    expect([...readTar(writeTar([['./a', new Uint8Array([1])]])).keys()]).toEqual(['a']);
  });

  test('throws when the archive ends inside a file', () => {
    const archive = writeTar([['driver.so', new Uint8Array(2000)]]);
    expect(() => readTar(archive.subarray(0, 1024))).toThrow(/cut off at driver\.so/);
  });
});

const posix = process.platform !== 'win32';

describe.runIf(posix)('a driver’s files', () => {
  const names = ['loader.so', 'driver.so', 'manifest.json'];
  const contents = (name: string) => Buffer.from(`the ${name} of the archive`.repeat(500));
  let folder: string;
  let archive: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'float-test-'));
    archive = join(folder, 'archive.tar.br');
    const entries = [...names, 'unneeded'].map((name) => [name, contents(name)] as const);
    writeFileSync(archive, brotliCompressSync(writeTar(entries)));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const isWhole = (target: string) => {
    expect(readdirSync(target).sort()).toEqual([...names, 'sums'].sort());
    for (const name of names) expect(readFileSync(join(target, name)).equals(contents(name))).toBe(true);
  };

  const damages: [string, (file: string) => void][] = [
    ['is missing', (file) => rmSync(file)],
    ['is cut short', (file) => truncateSync(file, 100)],
    ['is empty', (file) => truncateSync(file, 0)],
    ['has one byte changed', (file) => writeFileSync(file, contents('loader.so').fill(0, 7, 8))],
    ['is a folder', (file) => (rmSync(file), mkdirSync(file))],
    ['is a link', (file) => (rmSync(file), symlinkSync(archive, file))],
    ['can be written by others', (file) => chmodSync(file, 0o666)],
  ];
  test.each(damages)('are mended when one %s', async (_, damage) => {
    for (const name of ['loader.so', 'sums']) {
      const target = join(folder, 'a', 'driver');
      await unpackDriver(archive, names, target);
      damage(join(target, name));
      await unpackDriver(archive, names, target);
      isWhole(target);
      expect(readFileSync(archive).length).toBeGreaterThan(100);
    }
    expect(statSync(join(folder, 'a', 'driver', 'loader.so')).mode & 0o077).toBe(0);
  });

  test('stay untouched when they are what they should be', async () => {
    const target = join(folder, 'same');
    await unpackDriver(archive, names, target);
    const inodes = () => names.map((name) => statSync(join(target, name)).ino);
    const before = inodes();
    await unpackDriver(archive, names, target);
    expect(inodes()).toEqual(before);
  });

  test('are whole for each of several processes that unpack or mend them at once', async () => {
    const target = join(folder, 'shared');
    const module = fileURLToPath(new URL('../../dist/node/driver-files.js', import.meta.url));
    const code = `
      import { readFileSync } from 'node:fs';
      const { unpackDriver } = await import(${JSON.stringify(module)});
      for (let i = 0; i < 20; i++) {
        await unpackDriver(${JSON.stringify(archive)}, ${JSON.stringify(names)}, ${JSON.stringify(target)});
        console.log(${JSON.stringify(names)}.map((name) => readFileSync(${JSON.stringify(target)} + '/' + name).length).join());
      }`;
    const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', code]);
    const spoil = setInterval(() => {
      rmSync(join(target, 'sums'), { force: true });
    }, 5);
    const results = await Promise.all([run(), run(), run()]);
    clearInterval(spoil);
    const lengths = names.map((name) => contents(name).length).join();
    for (const { stdout } of results) expect(new Set(stdout.trim().split('\n'))).toEqual(new Set([lengths]));
    await unpackDriver(archive, names, target);
    isWhole(target);
  });

  test('what a killed process left behind goes after an hour', async () => {
    const target = join(folder, 'stale');
    mkdirSync(target);
    const [old, recent] = ['loader.so.partial-0123456789ab', 'loader.so.partial-cdef01234567'];
    for (const name of [old, recent]) writeFileSync(join(target, name), 'half');
    utimesSync(join(target, old), 0, 0);
    await unpackDriver(archive, names, target);
    expect(readdirSync(target).filter((name) => name.includes('partial'))).toEqual([recent]);
  });

  test('another archive has another folder', async () => {
    const other = join(folder, 'other.tar.br');
    writeFileSync(other, 'x');
    const both = await Promise.all([archive, other].map((path) => archiveName('driver', path)));
    expect(both).toEqual([
      expect.stringMatching(/^driver-[0-9a-f]{16}$/),
      expect.stringMatching(/^driver-[0-9a-f]{16}$/),
    ]);
    expect(both[0]).not.toBe(both[1]);
  });

  describe('where they are put', () => {
    const withCache = async <T>(cache: string, use: () => Promise<T>): Promise<T> => {
      const before = process.env['XDG_CACHE_HOME'];
      process.env['XDG_CACHE_HOME'] = cache;
      try {
        return await use();
      } finally {
        if (before === undefined) Reflect.deleteProperty(process.env, 'XDG_CACHE_HOME');
        else process.env['XDG_CACHE_HOME'] = before;
      }
    };
    const first = (cache: string) => withCache(cache, () => driverPlaces('driver')[0]!());

    test('the user’s cache, closed to others', async () => {
      const cache = join(folder, 'cache');
      mkdirSync(cache);
      mkdirSync(join(cache, 'float-webgpu'), 0o700);
      expect((await first(cache)).folder).toBe(join(cache, 'float-webgpu', 'driver'));
    });

    test('not under a folder that everybody can write, but for one like /tmp', async () => {
      const open = join(folder, 'open');
      mkdirSync(open);
      chmodSync(open, 0o777);
      await expect(first(open)).rejects.toThrow(/can be written by everybody/);
      chmodSync(open, 0o1777);
      expect((await first(open)).folder).toBe(join(open, 'float-webgpu', 'driver'));
    });

    test.runIf(process.getuid?.() === 0)('not in a folder that somebody else prepared', async () => {
      const cache = join(folder, 'prepared');
      mkdirSync(cache);
      mkdirSync(join(cache, 'float-webgpu'));
      chownSync(join(cache, 'float-webgpu'), 12345, 12345);
      await expect(first(cache)).rejects.toThrow(/float-webgpu belongs to somebody else/);
    });

    test('in a temporary folder where there is no cache, gone when it is given back', async () => {
      const places = await withCache('relative', () => Promise.resolve(driverPlaces('driver')));
      const place = await places[1]!();
      expect(place.folder.startsWith(join(tmpdir(), 'float-webgpu-'))).toBe(true);
      expect(statSync(place.folder).mode & 0o777).toBe(0o700);
      await place.release();
      expect(() => statSync(place.folder)).toThrow(/ENOENT/);
    });
  });
});
