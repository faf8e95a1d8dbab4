import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Face } from '../../../src/models/face/blazeface-boxes.js';
import { anchorCentre, anchorCount, decodeFaces, mergeFaces, moveFace, overlap } from '../../../src/models/face/blazeface-boxes.js'; // prettier-ignore

const face = (x: number, y: number, size: number, score: number): Face => ({
  box: { x, y, width: size, height: size },
  score,
  keypoints: Array.from({ length: 6 }, (_, k) => ({ x: x + k, y: y - k })),
});

describe('anchors', () => {
  it('lie at the cells’ centres, two in each of 16×16 and six in each of 8×8', () => {
    expect(anchorCentre(0)).toEqual({ x: 0.5 / 16, y: 0.5 / 16 });
    expect(anchorCentre(1)).toEqual(anchorCentre(0));
    expect(anchorCentre(2)).toEqual({ x: 1.5 / 16, y: 0.5 / 16 });
    expect(anchorCentre(511)).toEqual({ x: 15.5 / 16, y: 15.5 / 16 });
    expect(anchorCentre(512)).toEqual({ x: 0.5 / 8, y: 0.5 / 8 });
    expect(anchorCentre(512 + 6 * 9)).toEqual({ x: 1.5 / 8, y: 1.5 / 8 });
    expect(anchorCentre(anchorCount - 1)).toEqual({ x: 7.5 / 8, y: 7.5 / 8 });
    expect(() => anchorCentre(anchorCount)).toThrow(RangeError);
  });
});

describe('decodeFaces', () => {
  it('places boxes and keypoints relative to their anchor, in pixels of 128', () => {
    const scores = new Float32Array(anchorCount).fill(-5);
    const values = new Float32Array(anchorCount * 16);
    scores[2] = Math.log(3); // sigmoid 3/4
    values.set([4, -2, 32, 16, 8, 0, -8, 0, 0, 4, 0, 8, 1, 2, 3, 4], 2 * 16);
    const [found, ...others] = decodeFaces(scores, values, 0.5);
    expect(others).toEqual([]);
    expect(found!.score).toBeCloseTo(0.75, 6);
    const centre = { x: 12, y: 4 }; // of the anchor, in pixels
    expect(found!.box).toEqual({
      x: (centre.x + 4 - 16) / 128,
      y: (centre.y - 2 - 8) / 128,
      width: 32 / 128,
      height: 16 / 128,
    });
    expect(found!.keypoints).toHaveLength(6);
    expect(found!.keypoints[0]).toEqual({ x: (centre.x + 8) / 128, y: centre.y / 128 });
    expect(found!.keypoints[5]).toEqual({ x: (centre.x + 3) / 128, y: (centre.y + 4) / 128 });
  });

  it('does not overflow for wild logits', () => {
    const scores = new Float32Array(anchorCount).fill(-1e30);
    scores[7] = 1e30;
    expect(decodeFaces(scores, new Float32Array(anchorCount * 16), 0.5).map(({ score }) => score)).toEqual([
      1,
    ]);
  });
});

describe('mergeFaces', () => {
  it('averages overlapping faces by score and keeps the best score', () => {
    const [merged, ...others] = mergeFaces([face(0, 0, 10, 0.25), face(1, 2, 10, 0.75)]);
    expect(others).toEqual([]);
    expect(merged!.score).toBe(0.75);
    expect(merged!.box.x).toBeCloseTo(0.75, 12);
    expect(merged!.box.y).toBeCloseTo(1.5, 12);
    expect(merged!.keypoints[3]!.x).toBeCloseTo(3.75, 12);
  });

  it('takes two for one from an overlap of three tenths on', () => {
    // Squares of 10: moved by 5 they share 50 of 150, by 6 40 of 160.
    expect(mergeFaces([face(0, 0, 10, 0.9), face(5, 0, 10, 0.8)])).toHaveLength(1);
    expect(mergeFaces([face(0, 0, 10, 0.9), face(6, 0, 10, 0.8)])).toHaveLength(2);
  });

  it('loses none that stands alone, nor the best score', () => {
    const coordinate = fc.integer({ min: 0, max: 60 });
    const drawn = fc.array(fc.tuple(coordinate, coordinate, fc.integer({ min: 5, max: 20 }), fc.integer({ min: 1, max: 99 }))); // prettier-ignore
    fc.assert(
      fc.property(drawn, (list) => {
        const faces = list.map(([x, y, size, score]) => face(x, y, size, score / 100));
        const merged = mergeFaces(faces);
        for (const one of faces) {
          if (faces.some((other) => other !== one && overlap(one.box, other.box) > 0)) continue;
          expect(merged.some(({ box }) => overlap(box, one.box) > 0.999)).toBe(true);
        }
        expect(merged.length).toBeLessThanOrEqual(faces.length);
        expect(Math.max(0, ...merged.map(({ score }) => score))).toBe(
          Math.max(0, ...faces.map(({ score }) => score)),
        );
      }),
      { seed: 1 },
    );
  });
});

describe('overlap', () => {
  it('is the intersection over the union', () => {
    expect(overlap(face(0, 0, 2, 1).box, face(1, 1, 2, 1).box)).toBeCloseTo(1 / 7, 12);
    expect(overlap(face(0, 0, 2, 1).box, face(2, 0, 2, 1).box)).toBe(0);
    expect(overlap(face(3, 4, 5, 1).box, face(3, 4, 5, 1).box)).toBe(1);
  });
});

describe('moveFace', () => {
  it('scales, then shifts', () => {
    const moved = moveFace(face(1, 2, 3, 0.5), 10, { x: 100, y: 200 });
    expect(moved.box).toEqual({ x: 110, y: 220, width: 30, height: 30 });
    expect(moved.keypoints[1]).toEqual({ x: 120, y: 210 });
  });
});
