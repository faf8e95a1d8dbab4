import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromFloat16, toFloat16 } from '../../src/base/float16.js';

const rounded = (value: number) => fromFloat16(toFloat16(Float32Array.of(value)))[0]!;

describe('f16', () => {
  it('comes back from f32 as it was', () => {
    const halves = Uint16Array.from({ length: 65536 }, (_, half) => half).filter(
      (half) => (half & 0x7c00) !== 0x7c00,
    );
    expect(toFloat16(fromFloat16(halves))).toEqual(halves);
  });

  it('is the nearest there is, ties to even', () => {
    const values = fc.oneof(
      fc.float({ min: -65504, max: 65504, noNaN: true }),
      fc.float({ min: Math.fround(-1e-4), max: Math.fround(1e-4), noNaN: true }),
    );
    fc.assert(
      fc.property(values, (value) => {
        const magnitude = Math.max(Math.abs(value), 2 ** -14);
        const step = 2 ** (Math.floor(Math.log2(magnitude)) - 10);
        const [below, above] = [Math.floor(value / step), Math.ceil(value / step)];
        const [down, up] = [value / step - below, above - value / step];
        const nearest = down < up || (down === up && below % 2 === 0) ? below : above;
        // + 0 makes zeros of either sign alike.
        expect(rounded(value) + 0).toBe(nearest * step + 0);
      }),
      { numRuns: 1000, seed: 1 },
    );
    expect([1 + 2 ** -11, 1 + 3 * 2 ** -11, 2049, 2051].map(rounded)).toEqual([1, 1 + 2 ** -9, 2048, 2052]);
  });

  it('is infinity beyond its largest, and NaN stays', () => {
    expect([65504, 65519, 65520, 1e30, -70000, -Infinity, NaN].map(rounded)).toEqual([
      ...[65504, 65504, Infinity, Infinity, -Infinity, -Infinity, NaN],
    ]);
  });

  it('can be followed by zeros', () => {
    expect(toFloat16(Float32Array.of(1, -2, 0.5), 4)).toEqual(Uint16Array.of(0x3c00, 0xc000, 0x3800, 0));
  });
});
