import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import type { PcmFormat } from '../../src/media/pcm.js';
import { pcmSamples } from '../../src/media/pcm.js';

async function decode(bytes: Uint8Array, sizes: readonly number[], format: PcmFormat): Promise<number[]> {
  const chunks = async function* () {
    let at = 0;
    for (const size of [...sizes, bytes.length]) {
      yield await Promise.resolve(bytes.subarray(at, at + size));
      at += size;
    }
  };
  const samples: number[] = [];
  for await (const piece of pcmSamples(chunks(), format, 'standard input')) samples.push(...piece);
  return samples;
}

describe('pcmSamples', () => {
  it('reads 16-bit integers and floats, however they are cut', async () => {
    const draws = fc.record({
      values: fc.array(fc.integer({ min: -32768, max: 32767 }), { minLength: 1, maxLength: 60 }),
      sizes: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 30 }),
    });
    await fc.assert(
      fc.asyncProperty(draws, async ({ values, sizes }) => {
        const expected = values.map((value) => value / 32768);
        const ints = new Uint8Array(Int16Array.from(values).buffer);
        expect(await decode(ints, sizes, 's16le')).toEqual(expected);
        const floats = new Uint8Array(Float32Array.from(expected).buffer);
        expect(await decode(floats, sizes, 'f32le')).toEqual(expected);
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  it.each([
    ['nothing', new Uint8Array(), 's16le', 'expected sound, got nothing'],
    ['half a sample', new Uint8Array(1), 's16le', '1 left over at the end'],
    [
      'an odd number of bytes',
      new Uint8Array(1001),
      's16le',
      'whole samples of 2 bytes (s16le), 1 left over',
    ],
    [
      'three quarters of a float',
      new Uint8Array(403),
      'f32le',
      'whole samples of 4 bytes (f32le), 3 left over',
    ],
  ] as const)('refuses %s', async (_, bytes, format, message) => {
    for (const sizes of [[], [1, 1, 1, 1, 1]]) {
      const result = decode(bytes, sizes, format);
      await expect(result).rejects.toThrow(InputError);
      await expect(result).rejects.toThrow('standard input: ');
      await expect(result).rejects.toThrow(message);
    }
  });
});
