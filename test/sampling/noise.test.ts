import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { boxMuller, cosSinTurn, gaussianNoise, logUniform } from '../../src/sampling/noise.js';
import { philox4x32 } from '../../src/sampling/philox.js';

const word = fc.integer({ min: 0, max: 0xffffffff });
const edges = [0, 1, 2, 0x3fffffff, 0x40000000, 0x7fffffff, 0x80000000, 0xb504f333, 0xc0000000, 0xffffffff];

describe('philox4x32', () => {
  // The known answers of the authors' Random123 library: zeros, ones, digits of π.
  it.each([
    [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [Array(4).fill(0xffffffff), Array(2).fill(0xffffffff), '408f276d 41c83b0e a20bc7c6 6d5451fd'],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      'd16cfe09 94fdcceb 5001e420 24126ea1',
    ],
  ] as [[number, number, number, number], [number, number], string][])(
    'known answer %#',
    (counter, key, answer) => {
      const hex = philox4x32(counter, key).map((w) => w.toString(16).padStart(8, '0'));
      expect(hex.join(' ')).toBe(answer);
    },
  );

  it('agrees with 64-bit products', () => {
    const M0 = 0xd2511f53n;
    const M1 = 0xcd9e8d57n;
    const exact = (counter: bigint[], key: bigint[]) => {
      let [c0, c1, c2, c3] = counter as [bigint, bigint, bigint, bigint];
      let [k0, k1] = key as [bigint, bigint];
      for (let round = 0; round < 10; round++) {
        const [p0, p1] = [M0 * c0, M1 * c2];
        [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & 0xffffffffn, (p0 >> 32n) ^ c3 ^ k1, p0 & 0xffffffffn];
        [k0, k1] = [BigInt.asUintN(32, k0 + 0x9e3779b9n), BigInt.asUintN(32, k1 + 0xbb67ae85n)];
      }
      return [c0, c1, c2, c3].map(Number);
    };
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), fc.tuple(word, word), (counter, key) => {
        expect([...philox4x32(counter, key)]).toEqual(exact(counter.map(BigInt), key.map(BigInt)));
      }),
      { seed: 1 },
    );
  });
});

describe('elementary functions', () => {
  it('ln, cos and sin are those of Math to 1e-15', () => {
    const check = (w: number) => {
      const u = (w + 0.5) / 2 ** 32;
      expect(Math.abs(logUniform(w) / Math.log(u) - 1)).toBeLessThan(1e-15);
      const [cos, sin] = cosSinTurn(w);
      expect(Math.abs(cos - Math.cos(2 * Math.PI * u))).toBeLessThan(1e-15);
      expect(Math.abs(sin - Math.sin(2 * Math.PI * u))).toBeLessThan(1e-15);
    };
    edges.forEach(check);
    fc.assert(fc.property(word, check), { seed: 2, numRuns: 1000 });
  });

  it('Box–Muller is finite at the ends of the range', () => {
    for (const a of edges) for (const b of edges) expect(boxMuller(a, b).every(Number.isFinite)).toBe(true);
    expect(boxMuller(0, 0)[0]).toBeCloseTo(Math.sqrt(66 * Math.log(2)), 6);
  });
});

describe('gaussianNoise', () => {
  it('is the same on every machine', () => {
    // Computed apart from this code: Random123 words, Box–Muller in 60-digit decimal arithmetic.
    expect([...gaussianNoise(0, 0, 8)]).toEqual([
      0.991137683391571, -0.9246625900268555, -0.6176089644432068, -0.48206859827041626, -0.15363822877407074,
      0.18082590401172638, 0.8317351341247559, 0.19743971526622772,
    ]);
  });

  it('has the moments of the standard normal', () => {
    const count = 200_000;
    const noise = gaussianNoise(15, 3, count);
    const moment = (n: number) => noise.reduce((sum, v) => sum + v ** n, 0) / count;
    // Five standard deviations of each estimate: the variances of z, z², z³ and z⁴ are 1, 2, 15 and 96.
    const within = (variance: number) => 5 * Math.sqrt(variance / count);
    expect(Math.abs(moment(1))).toBeLessThan(within(1));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(within(2));
    expect(Math.abs(moment(3))).toBeLessThan(within(15));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(within(96));
    const lag = noise.reduce((sum, v, i) => sum + v * noise[(i + 1) % count]!, 0) / count;
    expect(Math.abs(lag)).toBeLessThan(within(1));
  });

  it('has the distribution of the standard normal', () => {
    const noise = gaussianNoise(15n, 0, 100_000).sort();
    // Quantiles of the normal distribution; five standard deviations of the empirical ones.
    for (const [p, z] of [
      [0.00135, -3],
      [0.02275, -2],
      [0.158655, -1],
      [0.5, 0],
      [0.841345, 1],
      [0.97725, 2],
      [0.99865, 3],
    ] as const) {
      const below = noise.findIndex((v) => v > z) / noise.length;
      expect(Math.abs(below - p), `P(z < ${z})`).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / noise.length));
    }
  });

  it('does not depend on how much is drawn', () => {
    const long = gaussianNoise(7, 2, 103);
    for (const count of [0, 1, 2, 3, 4, 5, 50]) {
      expect(gaussianNoise(7, 2, count)).toEqual(long.slice(0, count));
    }
  });

  it('differs between seeds and between streams, and takes all 64 bits of the seed', () => {
    const drawn = [
      gaussianNoise(15, 0, 40),
      gaussianNoise(16, 0, 40),
      gaussianNoise(15n + (1n << 32n), 0, 40),
      gaussianNoise(15, 1, 40),
      gaussianNoise(15, 2 ** 32, 40),
    ];
    for (const [i, a] of drawn.entries()) {
      for (const b of drawn.slice(i + 1)) expect(a.some((v, n) => v === b[n])).toBe(false);
    }
    expect(gaussianNoise(15n, 0, 40)).toEqual(drawn[0]);
  });

  it.each([-1, 0.5, NaN, 2 ** 53, -1n, 1n << 64n])('refuses the seed %s', (seed) => {
    expect(() => gaussianNoise(seed, 0, 4)).toThrow(InputError);
  });
});
