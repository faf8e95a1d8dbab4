import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSafetensors } from '../../src/weights/safetensors.js';
import { emptyFolder, golden, runFloat } from './run.js';

let folder: string;
beforeAll(() => {
  folder = emptyFolder();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A file with a number under each name. */
function numbers(file: string, names: readonly string[]): string {
  const path = join(folder, file);
  const data = new Float32Array(1);
  writeFileSync(
    path,
    writeSafetensors(Object.fromEntries(names.map((name) => [name, { shape: [1], data }]))),
  );
  return path;
}

/** What a terminal would obey, line ends aside. */
const obeyed = /(?!\n)\p{Cc}|[\u2028-\u202e\u2066-\u2069]/u;

describe('float inspect', () => {
  it('shows what a name holds for the terminal, and obeys nothing of it', async () => {
    const names = ['\x1b[31mred', 'a\u202eb\x9b2J', 'two\nlines'];
    const path = numbers('hostile\x1b[2J.safetensors', names);
    const { status, stdout, stderr } = await runFloat(['inspect', path]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      '\\u001b[31mred     F32   [1]',
      'a\\u202eb\\u009b2J  F32   [1]',
      'two\\u000alines    F32   [1]',
      '3 tensors, 3 values',
    ]);
    expect(stdout).not.toMatch(obeyed);
    const json = await runFloat(['inspect', '--json', path]);
    expect(json.stdout).not.toMatch(obeyed);
    const { file, tensors } = JSON.parse(json.stdout) as { file: string; tensors: { name: string }[] };
    expect([file, ...tensors.map(({ name }) => name)]).toEqual([path, ...names]);
  });

  it('shows what an argument holds for the terminal in messages too', async () => {
    for (const args of [
      ['inspect', join(folder, 'no\x1b[31m\nsuch')],
      ['convert', 'a', '--dtype', '\x9bK\n'],
    ]) {
      const { status, stderr } = await runFloat(args);
      expect(status).toBe(2);
      expect(stderr).toMatch(/^float: .*\\u00(1b|9b).*\n$/);
      expect(stderr).not.toMatch(obeyed);
    }
  });

  it('loads nothing for videos, and no GPU', async () => {
    // Every module's name passes through `resolve`: those of packages that take long to load fail.
    const heavy = `export const resolve = (name, context, next) => {
      if (/^(mediabunny|@mediabunny|webgpu)/.test(name)) throw new Error(name + ' was loaded');
      return next(name, context);
    };`;
    const asUrl = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;
    const hook = asUrl(`import { register } from 'node:module'; register(${JSON.stringify(asUrl(heavy))});`);
    const env = { NODE_OPTIONS: `--import ${hook}` };
    expect(await runFloat(['inspect', golden('tiny')], env)).toMatchObject({ status: 0, stderr: '' });
    const { status, stderr } = await runFloat(['info'], env);
    expect(stderr).toMatch(/^float: .*webgpu was loaded\n$/);
    expect(status).toBe(2);
  });

  it('lists 200,000 tensors', async () => {
    const count = 200_000;
    const path = join(folder, 'many.safetensors');
    const entry = (_: unknown, i: number) =>
      `"layers.${i}.weight":{"dtype":"F32","shape":[1],"data_offsets":[${4 * i},${4 * i + 4}]}`;
    const header = Buffer.from(`{${Array.from({ length: count }, entry).join(',')}}`);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    writeFileSync(path, Buffer.concat([length, header, Buffer.alloc(4 * count)]));
    const { status, stdout, stderr } = await runFloat(['inspect', path]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines[count - 1]).toBe('layers.199999.weight  F32   [1]');
    expect(lines[count]).toBe('200000 tensors, 200000 values');
  });
});
