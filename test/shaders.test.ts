import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeGpu } from '../src/runtime/gpu.js';
import type { Gpu } from '../src/runtime/gpu.js';
import { placeOf } from '../src/runtime/kernel.js';
import type { KernelName } from '../src/runtime/kernel.js';
import { shaders } from '../src/runtime/shaders.generated.js';
import { builtShader, kernelFiles } from '../tools/embed-shaders.mjs';
import { openTestGpu } from './fixtures.js';
import { openMatrixValidator } from './matrix-validator.js';

let gpu: Gpu;
let validator: GPUDevice;
let folder: string; // of made-up shaders
beforeAll(async () => {
  gpu = await openTestGpu();
  validator = await openMatrixValidator();
  folder = `${await mkdtemp(join(tmpdir(), 'shaders-'))}/`;
  await mkdir(`${folder}lib`);
});
afterAll(async () => {
  closeGpu(gpu);
  validator.destroy();
  await rm(folder, { recursive: true, force: true });
});

const files = (entries: Record<string, string>) =>
  Promise.all(Object.entries(entries).map(([file, text]) => writeFile(folder + file, text)));

describe('shaders', () => {
  it.each(Object.entries(shaders))(
    'the built text of %s is valid by itself and opens with its explanation',
    async (name, code) => {
      const device = code.includes('subgroup_matrix') ? validator : gpu.device;
      const info = await device.createShaderModule({ label: name, code }).getCompilationInfo();
      const messages = info.messages.map(
        ({ message, lineNum }) => `${placeOf(name as KernelName, lineNum)} ${message}`,
      );
      expect(messages).toEqual([]);
      expect(code.startsWith('// ')).toBe(true);
    },
  );

  it('share what is in lib/: every file of it is in some kernel, and no function stands in two files', async () => {
    const root = fileURLToPath(new URL('../shaders/', import.meta.url));
    const built = Object.values(shaders);
    for (const file of await readdir(`${root}lib`)) {
      expect(built.filter((text) => text.includes(`//# lib/${file}:1\n`)).length, file).toBeGreaterThan(0);
    }
    const owners = new Map<string, Set<string>>();
    for (const [name, code] of Object.entries(shaders)) {
      code.split('\n').forEach((line, at) => {
        const defined = /^fn (\w+)\(/.exec(line)?.[1];
        if (defined === undefined || defined === 'main') return;
        const [file = ''] = placeOf(name as KernelName, at + 1).split(':');
        owners.set(defined, (owners.get(defined) ?? new Set()).add(file));
      });
    }
    expect(owners.get('exp_exact')).toEqual(new Set(['lib/exp_exact.wgsl']));
    const copies = [...owners].filter(
      ([, places]) => places.size > 1 && [...places].some((f) => f.startsWith('lib/')),
    );
    expect(copies).toEqual([]);
  });
});

describe('builtShader', () => {
  it('puts each file that is asked for, and what that asks for, in once, and says where lines come from', async () => {
    await files({
      'a.wgsl': '// a\n// #include "lib/b.wgsl"\nfn main() {}\n// #include "lib/c.wgsl"\n',
      'lib/b.wgsl': '// b\n// #include "lib/c.wgsl"\n',
      'lib/c.wgsl': 'fn c() {}\n// #include "lib/b.wgsl"\n',
    });
    const built = builtShader('a.wgsl', folder);
    expect(built.match(/fn c/g)).toHaveLength(1);
    const name = 'a' as KernelName;
    const placeOfText = (text: string) =>
      placeOf(name, built.split('\n').findIndex((line) => line.startsWith(text)) + 1, built);
    expect(placeOfText('// a')).toBe('a.wgsl:1');
    expect(placeOfText('// b')).toBe('lib/b.wgsl:1');
    expect(placeOfText('fn c')).toBe('lib/c.wgsl:1');
    expect(placeOfText('fn main')).toBe('a.wgsl:3');
    expect(placeOfText('// lib/c.wgsl, above')).toBe('a.wgsl:4');
  });

  it.each([
    ['// #include "lib/nowhere.wgsl"', 'shaders/a.wgsl:2: there is no shaders/lib/nowhere.wgsl'],
    ['// #include "../a.wgsl"', 'shaders/a.wgsl:2: expected // #include "lib/NAME.wgsl"'],
    ['  // #include lib/a.wgsl', 'shaders/a.wgsl:2: expected // #include "lib/NAME.wgsl"'],
    ['// #inclde "lib/a.wgsl"', 'shaders/a.wgsl:2: expected // #include "lib/NAME.wgsl"'],
  ])('refuses %s with file and line', async (line, message) => {
    await files({ 'a.wgsl': `// a\n${line}\n` });
    expect(() => builtShader('a.wgsl', folder)).toThrow(message);
  });

  it('refuses two kernels of one name', async () => {
    await mkdir(`${folder}processor`);
    await files({ 'twice.wgsl': '', 'processor/twice.wgsl': '' });
    expect(() => kernelFiles(folder)).toThrow(
      'shaders/processor/twice.wgsl and shaders/twice.wgsl: two kernels',
    );
    await rm(`${folder}processor`, { recursive: true });
  });
});
