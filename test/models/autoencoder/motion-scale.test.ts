import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headColumns, scaleMotion } from '../../../src/models/autoencoder/motion-scale.js';
import { householderQ } from '../../../src/models/autoencoder/qr.js';
import { publishedConfig } from '../../../src/weights/published-config.js';
import { gaussian } from '../../fixtures.js';

const cases = fc.record({
  d: fc.integer({ min: 3, max: 12 }),
  cols: fc.integer({ min: 1, max: 3 }),
  frames: fc.integer({ min: 1, max: 5 }),
  scale: fc.integer({ min: 0, max: 20 }).map((n) => n / 8),
  seed: fc.nat(1000),
});

describe('scaleMotion', () => {
  it('scales what lies along the columns, about r_s, and nothing else', () => {
    fc.assert(
      fc.property(cases, ({ d, cols, frames, scale, seed }) => {
        const q = householderQ(gaussian([d, cols], seed).data, d, cols);
        const motion = gaussian([frames, d], seed + 1).data;
        const rS = gaussian([d], seed + 2).data;
        const chosen = [cols - 1];
        const scaled = scaleMotion(motion, rS, scale, { q, rows: d, cols }, chosen);
        const along = (x: Float32Array, frame: number, m: number) =>
          rS.reduce((sum, r, i) => sum + q[i * cols + m]! * (x[frame * d + i]! - r), 0);
        for (let f = 0; f < frames; f++) {
          for (let m = 0; m < cols; m++) {
            const factor = chosen.includes(m) ? scale : 1;
            expect(along(scaled, f, m)).toBeCloseTo(factor * along(motion, f, m), 5);
          }
          const rest = (x: Float32Array) =>
            Array.from(
              { length: d },
              (_, i) => x[f * d + i]! - rS[i]! - q[i * cols + cols - 1]! * along(x, f, cols - 1),
            );
          rest(scaled).forEach((value, i) => expect(value).toBeCloseTo(rest(motion)[i]!, 5));
        }
      }),
      { numRuns: 40, seed: 1 },
    );
  });

  it('scales everything where no columns are known', () => {
    const directions = { q: Float64Array.of(1, 0), rows: 2, cols: 1 };
    const motion = Float32Array.of(2, 3, -1, 0);
    const rS = Float32Array.of(1, 1);
    expect([...scaleMotion(motion, rS, 0.5, directions, undefined)]).toEqual([1.5, 2, 0, 0.5]);
    expect([...scaleMotion(motion, rS, 0, directions, undefined)]).toEqual([1, 1, 1, 1]);
    expect([...scaleMotion(motion, rS, 0, directions, [0])]).toEqual([1, 3, 1, 0]);
  });
});

describe('headColumns', () => {
  it('are those the configuration names', () => {
    const { config } = publishedConfig;
    expect(headColumns(config)).toBeUndefined();
    expect(headColumns({ ...config, directions: ['jaw', 'pitch', 'yaw'] })).toEqual([2, 1]);
    expect(headColumns({ ...config, directions: ['jaw'] })).toBeUndefined();
  });
});
