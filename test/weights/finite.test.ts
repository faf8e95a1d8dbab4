import fc from 'fast-check';
import { expect, it } from 'vitest';
import { allFinite } from '../../src/weights/finite.js';

it('allFinite finds what is not, wherever it stands', () => {
  const values = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { maxLength: 40 });
  const other = fc.constantFrom(NaN, Infinity, -Infinity);
  fc.assert(
    fc.property(values, other, fc.nat(), (list, bad, where) => {
      expect(allFinite(Float32Array.from(list))).toBe(true);
      const at = where % (list.length + 1);
      expect(allFinite(Float32Array.from([...list.slice(0, at), bad, ...list.slice(at)]))).toBe(false);
    }),
    { seed: 5, numRuns: 500 },
  );
  // The greatest and the least, and zeros of both signs.
  expect(allFinite(Float32Array.of(3.4028234663852886e38, -3.4028234663852886e38, 1e-45, -0, 0))).toBe(true);
});
