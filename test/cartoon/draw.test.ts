import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { drawCartoon } from '../../src/cartoon/draw.js';
import type { Identity } from '../../src/cartoon/identity.js';
import { hairStyles, randomIdentity } from '../../src/cartoon/identity.js';
import type { CartoonMotion } from '../../src/cartoon/motion.js';
import { motionNames, neutral, randomMotion } from '../../src/cartoon/motion.js';
import { openRandom } from '../../src/cartoon/random.js';
import { crop } from '../../src/media/picture.js';
import { resize } from '../../src/media/resize.js';
import { readPng } from '../../src/node/png.js';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

describe('drawCartoon', () => {
  it('draws the heads of the renderer that the demo model was trained with', async () => {
    const faces = JSON.parse(readFileSync(fixture('cartoon.json'), 'utf8')) as {
      identity: Identity;
      motion: CartoonMotion;
    }[];
    const strip = await readPng(fixture('cartoon.png'));
    expect(faces).toHaveLength(4);
    faces.forEach(({ identity, motion }, i) => {
      const ours = drawCartoon(identity, motion, 64).data;
      const theirs = crop(strip, 64 * i, 0, 64, 64).data;
      const distances = ours.map((value, at) => Math.abs(value - theirs[at]!));
      expect(Math.max(...distances)).toBeLessThanOrEqual(1);
      expect(distances.filter((distance) => distance > 0).length).toBeLessThanOrEqual(12);
    });
  });

  it('draws the same head at any size', () => {
    const identity = randomIdentity(openRandom(3, 0));
    const [small, large] = [64, 192].map((size) => drawCartoon(identity, neutral, size));
    const shrunk = resize(large!, 64, 64).data;
    const mean =
      small!.data.reduce((sum, value, at) => sum + Math.abs(value - shrunk[at]!), 0) / shrunk.length;
    expect(mean).toBeLessThan(2);
  });

  it('moves what a motion names, and little else', () => {
    const identity = { ...randomIdentity(openRandom(4, 0)), hasGlasses: false };
    const still = drawCartoon(identity, neutral, 64).data;
    /** Rows of the picture where a motion changes something. */
    const rowsMovedBy = (motion: Partial<CartoonMotion>) => {
      const moved = drawCartoon(identity, { ...neutral, ...motion }, 64).data;
      const rows = new Set<number>();
      moved.forEach((value, at) => {
        if (Math.abs(value - still[at]!) > 24) rows.add(Math.floor(at / (3 * 64)));
      });
      return { first: Math.min(...rows), last: Math.max(...rows) };
    };
    const [blink, brow, jaw] = [rowsMovedBy({ blink: 1 }), rowsMovedBy({ brow: 1 }), rowsMovedBy({ jaw: 1 })];
    expect(brow.first).toBeLessThan(blink.first);
    expect(blink.last).toBeLessThan(34);
    expect(jaw.first).toBeGreaterThan(34);
  });
});

describe('random heads', () => {
  it('are the same for the same seed and stream, and others for others', () => {
    const heads = [
      [1, 0],
      [1, 0],
      [1, 1],
      [2, 0],
    ].map(([seed, stream]) => JSON.stringify(randomIdentity(openRandom(seed!, stream!))));
    expect(heads[0]).toBe(heads[1]);
    expect(new Set(heads).size).toBe(3);
  });

  it('have every hair style, glasses now and then, and motions within their bounds', () => {
    const heads = Array.from({ length: 300 }, (_, i) => randomIdentity(openRandom(7, i)));
    expect(new Set(heads.map(({ hairStyle }) => hairStyle)).size).toBe(hairStyles.length);
    const glasses = heads.filter(({ hasGlasses }) => hasGlasses).length;
    expect(glasses).toBeGreaterThan(12);
    expect(glasses).toBeLessThan(60);
    const random = openRandom(8, 0);
    const motions = Array.from({ length: 2000 }, () => randomMotion(random));
    const means = motionNames.map(
      (name) => motions.reduce((sum, motion) => sum + motion[name], 0) / motions.length,
    );
    const range = (name: (typeof motionNames)[number]) => motions.map((motion) => motion[name]);
    expect(Math.max(...range('yaw').map(Math.abs))).toBeLessThanOrEqual(0.42);
    expect(Math.min(...range('jaw'))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...range('jaw'))).toBeLessThanOrEqual(1);
    expect(Math.abs(means[0]!)).toBeLessThan(0.02);
    // A quarter nearly closed, and Beta(1.3, 1.7) with mean 13/30.
    expect(means[motionNames.indexOf('jaw')]).toBeCloseTo(0.25 * 0.03 + (0.75 * 13) / 30, 1);
  });
});
