import type { Random } from './random.js';

/** The motions of a cartoon head, in the order of the demo model's first directions. */
export const motionNames = [
  'yaw',
  'pitch',
  'roll',
  'tx',
  'ty',
  'jaw',
  'width',
  'round',
  'smile',
  'blink',
  'gazeX',
  'gazeY',
  'brow',
  'anger',
  'wide',
] as const;
export type MotionName = (typeof motionNames)[number];

/**
 * How a head is held and what its face does. yaw, pitch and roll in radians; tx and ty in half pictures, to the right
 * and down; jaw, round and blink 0 … 1; width, smile, gaze, brow, anger and wide about −1 … 1. All zero: neutral, mouth
 * closed.
 */
export type CartoonMotion = Readonly<Record<MotionName, number>>;

export const neutral: CartoonMotion = Object.fromEntries(
  motionNames.map((name) => [name, 0]),
) as CartoonMotion;

/** Broad motions, each independent of the others: more than speech ever does, for an auto-encoder to learn from. */
export function randomMotion(random: Random): CartoonMotion {
  const { uniform, normal } = random;
  const bounded = (deviation: number, low: number, high = -low) =>
    Math.min(high, Math.max(low, deviation * normal()));
  return {
    yaw: bounded(0.17, -0.42),
    pitch: bounded(0.1, -0.26),
    roll: bounded(0.08, -0.22),
    tx: bounded(0.035, -0.1),
    ty: bounded(0.025, -0.07),
    jaw: uniform(0, 1) < 0.25 ? uniform(0, 0.06) : random.beta(1.3, 1.7),
    width: bounded(0.45, -1),
    round: uniform(0, 1) < 0.45 ? 0 : uniform(0, 1),
    smile: bounded(0.55, -1.1),
    blink: uniform(0, 1) < 0.62 ? uniform(0, 0.12) : uniform(0.1, 1),
    gazeX: bounded(0.45, -1),
    gazeY: bounded(0.4, -1),
    brow: bounded(0.5, -1, 1.2),
    anger: bounded(0.5, -1, 1.1),
    wide: bounded(0.4, -0.5, 1),
  };
}
