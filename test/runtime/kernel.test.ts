import { describe, expect, it } from 'vitest';
import { readInterface } from '../../src/runtime/kernel.js';

describe('readInterface', () => {
  it('reads bindings, parameters and overrides, comments aside', () => {
    const source = `
      // @group(0) @binding(7) var<storage, read> ghost: array<f32>;
      struct Params {
        rows: u32, // how many
        shift: i32,
        eps: f32,
      }
      override SIZE: u32 = 3;
      @group(0) @binding(0) var<uniform> params: Params;
      @group(0) @binding(1) var<storage, read> x: array<f32>;
      @group(0) @binding(2) var<storage, read_write> y: array<f32>;
      @compute @workgroup_size(64) fn main() {}`;
    expect(readInterface(source)).toEqual({
      bindings: [
        { name: 'params', binding: 0, type: 'uniform' },
        { name: 'x', binding: 1, type: 'read-only-storage' },
        { name: 'y', binding: 2, type: 'storage' },
      ],
      params: [
        { name: 'rows', type: 'u32' },
        { name: 'shift', type: 'i32' },
        { name: 'eps', type: 'f32' },
      ],
      overrides: ['SIZE'],
    });
  });
});
