import { expect, it } from 'vitest';
import { portraitSquare } from '../../src/media/crop.js';
import { portraitBox } from '../../src/pipeline/faces.js';

it('portraitBox is 1.22 sides, 0.026 to the left and 0.1 up', () => {
  const { x, y, width, height } = portraitBox({ box: { x: 100, y: 200, width: 100, height: 100 } });
  expect([width, height]).toEqual([122, 122]);
  expect(x + width / 2).toBeCloseTo(150 - 2.6, 9);
  expect(y + height / 2).toBeCloseTo(250 - 10, 9);
});

it('gives the authors’ example nearly the published square: x 185, y 35, side 608', () => {
  // The box found there: side 310 round (497, 372.5). With 1.2 sides and 0.05 up it gave 200, 60, 594.
  const box = { x: 497 - 155, y: 372.5 - 155, width: 310, height: 310 };
  expect(portraitSquare(portraitBox({ box }))).toEqual({ x: 186, y: 39, size: 604 });
});
