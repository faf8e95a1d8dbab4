import type { Colour, Identity } from './identity.js';
import { mapColour } from './identity.js';
import type { CartoonMotion } from './motion.js';

/** One head in one pose: what all its layers are drawn from. */
export interface Figure {
  readonly identity: Identity;
  readonly motion: CartoonMotion;
  /** The side of a pixel. */
  readonly pixel: number;
  /**
   * Where a point of the face lies in head coordinates: at depth z before the middle of the head, turned by yaw and
   * pitch.
   */
  readonly at: (x: number, y: number, z: number) => readonly [number, number];
  readonly sinYaw: number;
  readonly cosYaw: number;
  readonly darkHair: Colour;
}

/** The whole head is drawn so much larger, and so much lower. */
const zoom = 1.16;
const lower = 0.04;
/** The head rolls about a point so far below its middle. */
const pivot = 0.45;

export function openFigure(identity: Identity, motion: CartoonMotion, size: number): Figure {
  const [sinYaw, cosYaw, sinPitch, cosPitch] = [
    Math.sin(motion.yaw),
    Math.cos(motion.yaw),
    Math.sin(motion.pitch),
    Math.cos(motion.pitch),
  ];
  return {
    identity,
    motion,
    pixel: 2 / size,
    at: (x, y, z) => [x * cosYaw + z * sinYaw, y * cosPitch + z * sinPitch],
    sinYaw,
    cosYaw,
    darkHair: mapColour(identity.hair, (value) => 0.8 * value),
  };
}

/** Head coordinates of a point of the picture: shift and roll undone. */
export function headCoordinates({ motion }: Figure): (u: number, v: number) => readonly [number, number] {
  const [cos, sin] = [Math.cos(motion.roll), Math.sin(motion.roll)];
  return (u, v) => {
    const [dx, dy] = [u - motion.tx, v - (motion.ty - lower + pivot)];
    return [(cos * dx + sin * dy) / zoom, (-sin * dx + cos * dy + pivot) / zoom - 0.02];
  };
}
