import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeFolders } from '../../src/node/make-folders.js';

const folder = mkdtempSync(join(tmpdir(), 'float-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('makes what is missing and says what it made', async () => {
  const deep = join(folder, 'a', 'b', 'c');
  expect(await makeFolders(deep)).toEqual([join(folder, 'a'), join(folder, 'a', 'b'), deep]);
  expect(existsSync(deep)).toBe(true);
  expect(await makeFolders(deep)).toEqual([]);
});

test('takes relative paths and a slash at the end', async () => {
  const path = `${relative(process.cwd(), join(folder, 'r', 's'))}/`;
  await makeFolders(path);
  expect(existsSync(join(folder, 'r', 's'))).toBe(true);
});

test('several at once agree', async () => {
  const deep = join(folder, 'at', 'once', 'deep');
  await Promise.all(Array.from({ length: 8 }, () => makeFolders(deep)));
  expect(existsSync(deep)).toBe(true);
});

test('a file in the way is an error, and nothing made before stays', async () => {
  writeFileSync(join(folder, 'file'), '');
  await expect(makeFolders(join(folder, 'file'))).rejects.toThrow(/EEXIST/);
  await expect(makeFolders(join(folder, 'file', 'x'))).rejects.toThrow(/EEXIST|ENOTDIR/);
  const long = join(folder, 'kept', 'x'.repeat(300));
  await expect(makeFolders(long)).rejects.toThrow(/ENAMETOOLONG/);
  expect(existsSync(join(folder, 'kept'))).toBe(false);
});

// Node's own recursive mkdir never returns here.
test.runIf(process.platform === 'linux')(
  'ends where a folder that exists says that there is nothing',
  async () => {
    await expect(makeFolders('/proc/nothing/here')).rejects.toThrow(/ENOENT/);
  },
);
