import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeGpu } from '../src/runtime/gpu.js';
import type { Gpu } from '../src/runtime/gpu.js';
import { shaders } from '../src/runtime/shaders.generated.js';
import { openTestGpu } from './fixtures.js';
import { openMatrixValidator } from './matrix-validator.js';

let gpu: Gpu;
let validator: GPUDevice;
beforeAll(async () => {
  gpu = await openTestGpu();
  validator = await openMatrixValidator();
});
afterAll(() => {
  closeGpu(gpu);
  validator.destroy();
});

/** Each function of a WGSL file: its name, and its text with the comment above it left out. */
function functionsOf(source: string): [string, string][] {
  return [...source.matchAll(/^fn (\w+)[^]*?^}/gm)].map((match) => [match[1] ?? '', match[0]]);
}

describe('shaders', () => {
  it.each(Object.entries(shaders))(
    '%s.wgsl is valid on its own and opens with its explanation',
    async (name, code) => {
      const device = code.includes('subgroup_matrix') ? validator : gpu.device;
      const info = await device.createShaderModule({ label: name, code }).getCompilationInfo();
      expect(info.messages.map(({ message, lineNum }) => `${name}.wgsl:${lineNum} ${message}`)).toEqual([]);
      expect(code.startsWith('// ')).toBe(true);
    },
  );

  it('keep their copies of the exact functions and of the ends of products and convolutions equal', () => {
    const shared = ['epilogue', 'exp_exact', 'tanh_exact', 'erfc_exact'];
    const originals = new Map(functionsOf(shaders.linear).filter(([name]) => shared.includes(name)));
    expect([...originals.keys()]).toEqual(shared);
    const [finish] = functionsOf(shaders.conv2d).filter(([name]) => name === 'finish');
    expect(finish).toBeDefined();
    originals.set(...finish!);
    for (const [file, source] of Object.entries(shaders)) {
      for (const [name, text] of functionsOf(source)) {
        const original = originals.get(name);
        if (original !== undefined) expect(text, `${name} in ${file}.wgsl`).toBe(original);
      }
    }
  });
});
