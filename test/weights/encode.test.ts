import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { toFloat32 } from '../../src/weights/dtype.js';
import { floatTypes, fromFloat32, type FloatType } from '../../src/weights/encode.js';

const encode = (values: Float32Array<ArrayBuffer>, dtype: FloatType) => Uint8Array.from(fromFloat32(values, dtype, 'x'));
const decode = (bytes: Uint8Array<ArrayBuffer>, dtype: FloatType) => toFloat32(bytes, dtype, 'x');

/** Every finite number of a 16-bit kind, ascending; of the two zeros the positive one. */
function allFinite(dtype: 'F16' | 'BF16'): Float32Array<ArrayBuffer> {
  const halves = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const values = decode(new Uint8Array(halves.buffer), dtype);
  return values.filter((value) => Number.isFinite(value) && !Object.is(value, -0)).sort();
}

describe.each(['F16', 'BF16'] as const)('fromFloat32 to %s', (dtype) => {
  const numbers = allFinite(dtype);
  const largest = numbers.at(-1)!;

  it('gives back what came from there', () => {
    const again = decode(encode(numbers, dtype), dtype);
    expect(again.findIndex((value, i) => !Object.is(value, numbers[i]))).toBe(-1);
    expect(decode(encode(Float32Array.of(-0), dtype), dtype)[0]).toBe(-0);
  });

  it('rounds to the nearest, ties to even', () => {
    const scales = fc.integer({ min: -30, max: 20 }).map((exponent) => 2 ** exponent);
    const value = fc.oneof(
      fc.float({ noNaN: true, min: -largest, max: largest }),
      fc.tuple(fc.float({ noNaN: true, min: -1, max: 1 }), scales).map(([x, scale]) => Math.fround(x * scale)),
      // Halfway between two neighbours, exactly in float32.
      fc.nat(numbers.length - 2).map((i) => Math.fround((numbers[i]! + numbers[i + 1]!) / 2)),
    );
    fc.assert(
      fc.property(value.filter((x) => Math.abs(x) <= largest), (x) => {
        const bytes = encode(Float32Array.of(x), dtype);
        const got = decode(bytes.slice(), dtype)[0]!;
        let low = 0;
        for (let high = numbers.length; high - low > 1;) {
          const middle = (low + high) >> 1;
          if (numbers[middle]! <= x) low = middle;
          else high = middle;
        }
        const [below, above] = [numbers[low]!, numbers[Math.min(low + 1, numbers.length - 1)]!];
        const best = Math.min(Math.abs(x - below), Math.abs(above - x));
        expect(Math.abs(got - x)).toBe(best);
        if (x - below === above - x) expect(bytes[0]! & 1).toBe(0);
      }),
      { seed: 5, numRuns: 3000 },
    );
  });

  it('refuses what would become infinite', () => {
    const step = largest - numbers.at(-2)!;
    const limit = Math.fround(largest + step / 2);
    const below = Math.fround(limit * (1 - 2 ** -24));
    expect(decode(encode(Float32Array.of(below), dtype), dtype)[0]).toBe(largest);
    expect(() => encode(Float32Array.of(1, -limit), dtype)).toThrow(InputError);
    expect(() => encode(Float32Array.of(1, -limit), dtype)).toThrow(`x: element 1 is ${-limit}, expected a finite`);
  });
});

describe.each(floatTypes)('fromFloat32 to %s', (dtype) => {
  it('refuses what is not finite', () => {
    for (const value of [NaN, Infinity, -Infinity]) {
      expect(() => encode(Float32Array.of(0, value), dtype)).toThrow(`x: element 1 is ${value}`);
    }
  });
});
