import { describe, expect, it } from 'vitest';
import { shaders } from '../../src/runtime/shaders.generated.js';

describe('finish', () => {
  it('is the same function in all picture kernels', () => {
    const copies = (['conv2d', 'conv2d_join', 'upfirdn2d'] as const).map((name) => {
      const source = shaders[name];
      return source.slice(source.indexOf('fn finish('));
    });
    expect(copies[0]).toMatch(/^fn finish\(.*\{\n[^}]+\}/);
    expect(new Set(copies).size).toBe(1);
  });
});
