import type { Figure } from './figure.js';
import { mapColour } from './identity.js';
import type { Layer } from './pixel.js';
import { coverage, ellipse, paint } from './pixel.js';

/** Two colours that run into each other. */
export function background({ identity: { background: colours, backgroundAngle } }: Figure): Layer {
  const [cos, sin] = [Math.cos(backgroundAngle), Math.sin(backgroundAngle)];
  const [from, to] = colours;
  return (pixel) => {
    const t = (pixel.u * cos + pixel.v * sin) * 0.4 + 0.5;
    paint(pixel, 1, from);
    paint(pixel, t, to);
  };
}

/** Shoulders, collar and neck; they follow the head a little. */
export function body({ identity, motion, pixel: px, sinYaw }: Figure): Layer {
  const { cloth, collar, hasCollar, neck } = identity;
  const skin = mapColour(identity.skin, (value) => 0.86 * value);
  const [bodyX, bodyY] = [0.5 * motion.tx, 0.5 * motion.ty];
  const neckX = 0.6 * motion.tx;
  return (pixel) => {
    const { u, v } = pixel;
    const shoulders = ellipse(u - bodyX, v - 1.3 - bodyY, 0.86, 0.52);
    paint(pixel, coverage(shoulders, px), cloth);
    const ring = Math.max(ellipse(u - bodyX, v - 0.76 - bodyY, 0.33, 0.2), shoulders);
    if (hasCollar) paint(pixel, coverage(ring, px), collar);
    const column = Math.max(Math.abs(u - neckX - 0.08 * sinYaw) - neck, v - 0.98, 0.2 - v);
    paint(pixel, coverage(column, px), skin);
    paint(pixel, coverage(ellipse(u - neckX, v - 0.84 - bodyY, neck, 0.13), px), skin);
  };
}
