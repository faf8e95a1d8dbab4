import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interpolate, placeFrames } from '../../../src/models/speech/frame-places.js';
import { featureCount } from '../../../src/models/speech/speech-features.js';
import { parseConfig } from '../../../src/weights/config.js';
import { expectClose } from '../../compare.js';
import { gaussian } from '../../fixtures.js';
import { goldenJson } from '../../weights/golden.js';

const { wav2vec2: config } = parseConfig(goldenJson('tiny/audio.json'), 'tiny/audio.json');
const C = 3;

/** `interpolate(mode='linear', align_corners=True)` of PyTorch, in float64. */
function interpolated(features: Float32Array, T: number): Float64Array {
  const count = features.length / C;
  return Float64Array.from({ length: T * C }, (_, at) => {
    const [t, c] = [Math.floor(at / C), at % C];
    const position = T > 1 ? (t * (count - 1)) / (T - 1) : 0;
    const i = Math.floor(position);
    const next = features[Math.min(i + 1, count - 1) * C + c]!;
    return (1 - position + i) * features[i * C + c]! + (position - i) * next;
  });
}

describe('placeFrames and interpolate', () => {
  it('are linear interpolation with the ends on the ends, for any frames of a clip', () => {
    const draws = fc.record({
      T: fc.integer({ min: 1, max: 300 }),
      fps: fc.constantFrom(10, 24, 25, 30),
      from: fc.double({ min: 0, max: 0.99, noNaN: true }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(draws, ({ T, fps, from, share, seed }) => {
        const padded = Math.floor((T * 16000) / fps);
        const features = gaussian([featureCount(padded, config), C], seed).data;
        const start = Math.floor(from * T);
        const end = Math.max(start + 1, Math.round(start + share * (T - start)));
        const places = placeFrames({ start, end }, T, { padded, perFrame: 16000 / fps, config });
        const needed = features.subarray(places.first * C, (places.first + places.count) * C);
        expect(needed.length).toBe(places.count * C);
        const expected = interpolated(features, T).slice(start * C, end * C);
        expectClose('interpolate', interpolate(needed, places), expected, 2e-7);
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it('place the frames of the published sizes without knowing how many there will be', () => {
    const given = { perFrame: 640, config };
    const known = placeFrames({ start: 30, end: 80 }, 400, { ...given, padded: 400 * 640 });
    const unknown = placeFrames({ start: 30, end: 80 }, Infinity, { ...given, padded: 80 * 640 });
    expect(unknown).toEqual(known);
    expect([known.first, known.count]).toEqual([60, 99]);
  });

  it('ask for no feature that is not there yet', () => {
    // 100 frames' samples have 199 features; frame 100 and those after it have the last.
    const places = placeFrames({ start: 98, end: 103 }, Infinity, {
      perFrame: 640,
      config,
      padded: 100 * 640,
    });
    expect([places.first, places.count, ...places.positions]).toEqual([196, 3, 0, 2, 2, 2, 2]);
  });
});
