import type { Figure } from './figure.js';
import type { Colour } from './identity.js';
import type { Layer } from './pixel.js';
import { capsule, clamp, coverage, ellipse, paint } from './pixel.js';

const white: Colour = [0.97, 0.97, 0.96];
const pupil: Colour = [0.05, 0.04, 0.05];
const glint: Colour = [1, 1, 1];
const lashes: Colour = [0.12, 0.08, 0.08];
const frame: Colour = [0.1, 0.1, 0.12];

/** Both eyes with their brows and glasses, the left one (of the picture) first. */
export function eyes(figure: Figure): Layer {
  const [left, right] = [eye(figure, -1), eye(figure, 1)];
  return (pixel) => {
    left(pixel);
    right(pixel);
  };
}

/** How far the eyes are open: 0 closed, 1 at rest. */
export function opening({ blink, wide, anger, smile }: Figure['motion']): number {
  return clamp(
    (1 - blink) * (1 + 0.38 * wide - 0.16 * clamp(anger, 0, 1) - 0.12 * clamp(smile, 0, 1)),
    0,
    1.45,
  );
}

function eye(figure: Figure, side: -1 | 1): Layer {
  const { identity, motion, at, pixel: px, sinYaw, cosYaw } = figure;
  const { eyeX, eyeY, eyeHeight, eyeSlant, iris, irisRadius, lash, hasGlasses } = identity;
  const [x0, y0] = at(side * eyeX, eyeY, 0.3);
  const open = opening(motion);
  const half = identity.eyeWidth * (cosYaw + 0.12 * side * sinYaw);
  const above = eyeHeight * open;
  const below = Math.min(above, eyeHeight * (1 + 0.15 * motion.wide)) * 0.78;
  // Closing lids meet slightly below the middle.
  const sink = (1 - clamp(open, 0, 1)) * eyeHeight * 0.3;
  const [gazeX, gazeY] = [0.05 * motion.gazeX, 0.032 * motion.gazeY];
  const brow = eyebrow(figure, side);
  return (pixel) => {
    const [x, y] = [pixel.x - x0, pixel.y - y0];
    const arch = clamp(1 - (x / half) ** 2, 0, 1) ** 0.75;
    const tilt = eyeSlant * side * x;
    const angry = open > 0.15 ? motion.anger * 0.16 * side * x : 0;
    const top = -above * arch - tilt - angry + sink;
    const bottom = Math.max(below * arch - tilt + 0.6 * sink, top);
    const end = (Math.abs(x) / half - 1) * half;
    const inside = coverage(Math.max(top - y, y - bottom, end), px) * clamp(6 * open, 0, 1);
    paint(pixel, inside, white);
    const within = (distance: number) => Math.min(coverage(distance, px), inside);
    const fromGaze = Math.hypot(x - gazeX, y - gazeY);
    paint(pixel, within(fromGaze - irisRadius), iris);
    paint(pixel, within(fromGaze - 0.52 * irisRadius), pupil);
    paint(pixel, within(Math.hypot(x - gazeX - 0.018, y - gazeY + 0.022) - 0.015), glint);
    const lid = Math.max(Math.abs(y - top) - lash, end - 0.01);
    paint(pixel, 0.92 * coverage(lid, 1.2 * px), lashes);
    brow(pixel);
    if (hasGlasses) {
      paint(pixel, coverage(Math.abs(ellipse(x, y - 0.01, 0.165, 0.145)) - 0.014, px), frame);
    }
  };
}

/** Anger draws the inner end down; a negative one, sadness, up. */
function eyebrow({ identity, motion, at, pixel: px, cosYaw, darkHair }: Figure, side: -1 | 1): Layer {
  const { eyeX, eyeY, browY, browLength, browThickness, browDark, hair } = identity;
  const raise = -0.075 * motion.brow + 0.03 * clamp(motion.anger, 0, 1);
  const [x0, y0] = at(1.03 * side * eyeX, eyeY + browY + raise, 0.31);
  const length = side * browLength * cosYaw;
  const inner = [x0 - length, y0 + 0.055 * motion.anger] as const;
  const outer = [x0 + length, y0 - 0.03 * motion.anger + 0.018] as const;
  const mix = (dark: number, light: number) => dark * browDark + light * (1 - browDark) * 0.6;
  const colour: Colour = [mix(darkHair[0], hair[0]), mix(darkHair[1], hair[1]), mix(darkHair[2], hair[2])];
  return (pixel) => {
    paint(pixel, coverage(capsule(pixel.x, pixel.y, inner, outer, browThickness), px), colour);
  };
}
