import { describe, expect, it } from 'vitest';
import {
  directedMotion,
  directionMatrix,
  motionCoefficients,
} from '../../../src/models/autoencoder/direction.js';
import { expectClose } from '../../compare.js';
import { gaussian } from '../../fixtures.js';
import { tinyWeights } from '../golden.js';

describe('motionCoefficients', () => {
  it('gives back the λ that a motion was made of, frame by frame', async () => {
    const directions = await directionMatrix(await tinyWeights());
    const { rows, cols } = directions;
    const lambda = gaussian([3, cols], 1).data;
    const motion = new Float32Array(3 * rows);
    for (let frame = 0; frame < 3; frame++) {
      const own = lambda.subarray(frame * cols, (frame + 1) * cols);
      motion.set(directedMotion(directions, own), frame * rows);
    }
    expectClose('λ', motionCoefficients(directions, motion), lambda, 1e-8);
  });

  it('leaves out what no direction spans', async () => {
    const directions = await directionMatrix(await tinyWeights());
    const motion = gaussian([1, directions.rows], 2).data;
    const within = directedMotion(directions, motionCoefficients(directions, motion));
    const beyond = motion.map((value, i) => value - within[i]!);
    expect(Math.hypot(...beyond)).toBeGreaterThan(0.1);
    expect(Math.max(...motionCoefficients(directions, beyond).map(Math.abs))).toBeLessThan(1e-6);
  });
});
