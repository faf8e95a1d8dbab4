import { describe, expect, it } from 'vitest';
import { readInterface, withHalves } from '../../src/runtime/kernel.js';

describe('readInterface', () => {
  it('reads bindings, parameters, overrides and aliases, comments aside', () => {
    const source = `
      // @group(0) @binding(7) var<storage, read> ghost: array<f32>;
      struct Params {
        rows: u32, // how many
        shift: i32,
        eps: f32,
      }
      override SIZE: u32 = 3;
      alias Value = f32;
      alias Weight = f32;
      @group(0) @binding(0) var<uniform> params: Params;
      @group(0) @binding(1) var<storage, read> x: array<f32>;
      @group(0) @binding(2) var<storage, read> w: array<vec4<Weight>>;
      @group(0) @binding(3) var<storage, read_write> y: array<Value>;
      @compute @workgroup_size(64) fn main() {}`;
    expect(readInterface(source)).toEqual({
      bindings: [
        { name: 'params', binding: 0, type: 'uniform' },
        { name: 'x', binding: 1, type: 'read-only-storage' },
        { name: 'w', binding: 2, type: 'read-only-storage', alias: 'Weight' },
        { name: 'y', binding: 3, type: 'storage', alias: 'Value' },
      ],
      params: [
        { name: 'rows', type: 'u32' },
        { name: 'shift', type: 'i32' },
        { name: 'eps', type: 'f32' },
      ],
      overrides: ['SIZE'],
      aliases: ['Value', 'Weight'],
    });
  });
});

describe('withHalves', () => {
  it('makes f16 of the aliases named, on the same lines', () => {
    const source = '// A kernel\nalias Value = f32;\nalias Weight = f32;\n';
    expect(withHalves(source, [])).toBe(source);
    expect(withHalves(source, ['Weight'])).toBe(
      'enable f16; // A kernel\nalias Value = f32;\nalias Weight = f16;\n',
    );
  });
});
