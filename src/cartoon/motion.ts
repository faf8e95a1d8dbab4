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

/**
 * Mean and standard deviation of `randomMotion`, in the order of `motionNames`. The demo model's auto-encoder was
 * trained so that λ of its first directions is (motion − mean)/deviation.
 */
// prettier-ignore
const meanMotion = [
  -0.002838594140484929, -0.0008861224632710218, 0.00032222815207205713, 0.0009515488636679947,
  -0.0002470719919074327, 0.3322063982486725, 0.007237713783979416, 0.28182104229927063, -0.00023025450354907662,
  0.2531508803367615, 0.008198440074920654, -0.0011173990787938237, 0.011524583213031292, -0.0005445286515168846,
  0.031349193304777145,
];
// prettier-ignore
const motionDeviation = [
  0.16807755827903748, 0.0985926017165184, 0.08000283688306808, 0.03466763719916344, 0.024629520252346992,
  0.2704015374183655, 0.44365155696868896, 0.3297233283519745, 0.5333291292190552, 0.2929486930370331,
  0.4385417103767395, 0.39582231640815735, 0.48565471172332764, 0.480419784784317, 0.36313095688819885,
];

/** λ `[count]` of a motion in a model whose first directions are `motionNames`; the other directions are unused. */
export function knownCoefficients(motion: CartoonMotion, count: number): Float64Array {
  const lambda = new Float64Array(count);
  motionNames.forEach((name, i) => {
    lambda[i] = (motion[name] - meanMotion[i]!) / motionDeviation[i]!;
  });
  return lambda;
}
