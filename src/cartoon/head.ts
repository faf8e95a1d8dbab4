import type { Figure } from './figure.js';
import type { Colour } from './identity.js';
import { mapColour } from './identity.js';
import { hidesEars } from './hair.js';
import type { Layer } from './pixel.js';
import { capsule, clamp, coverage, ellipse, paint, shade } from './pixel.js';

export function ears({ identity, at, pixel: px }: Figure): Layer {
  const { ear, headX, hairStyle } = identity;
  if (hidesEars(hairStyle)) return () => undefined;
  const skin = mapColour(identity.skin, (value) => 0.92 * value);
  const places = [-1, 1].map((side) => at(0.98 * side * headX, 0.02, -0.1));
  return (pixel) => {
    for (const [x, y] of places) {
      paint(pixel, coverage(ellipse(pixel.x - x, pixel.y - y, 0.8 * ear, 1.35 * ear), px), skin);
    }
  };
}

/**
 * The face without its features: shaded on the side that is turned away, red on the cheeks. The open jaw makes it
 * longer.
 */
export function head({ identity, motion, at, pixel: px, sinYaw }: Figure): Layer {
  const { skin, headX, headY, chin, blush } = identity;
  const [x0, y0] = at(0, 0, 0);
  const red: Colour = [skin[0], 0.62 * skin[1], 0.6 * skin[2]];
  const cheeks = [-1, 1].map((side) => at(0.27 * side, 0.17 - 0.02 * motion.smile, 0.3));
  return (pixel) => {
    const [x, y] = [pixel.x - x0, pixel.y - y0];
    const height = y > 0 ? headY + 0.085 * motion.jaw : headY;
    const down = clamp(Math.max(0, y) / height, 0, 1.2);
    const width = headX * (1 - 0.42 * (1 - chin) * down * down);
    const inside = coverage(ellipse(x, y, width, height), px);
    paint(pixel, inside, skin);
    const side = clamp(x / width - 1.2 * sinYaw, -1, 1);
    shade(pixel, inside * side * side, 0.86);
    shade(pixel, inside * clamp(down - 0.6, 0, 1), 0.8);
    for (const [cheekX, cheekY] of cheeks) {
      const cover = coverage(ellipse(pixel.x - cheekX, pixel.y - cheekY, 0.1, 0.075), 0.1);
      paint(pixel, 0.5 * cover * blush * inside, red);
    }
  };
}

/** A soft shadow beside the bridge, and the shadow under the tip. */
export function nose({ identity, at, pixel: px, cosYaw }: Figure): Layer {
  const { noseLength, noseWidth, noseY, skin } = identity;
  const [x0, y0] = at(0, noseY - noseLength, 0.36);
  const [x1, y1] = at(0, noseY, 0.5);
  const [bridge, shadow] = [0.66, 0.58].map((factor) => mapColour(skin, (value) => factor * value)) as [
    Colour,
    Colour,
  ];
  return (pixel) => {
    const { x, y } = pixel;
    const side = capsule(x, y, [x0 + 0.4 * noseWidth, y0], [x1 + 0.8 * noseWidth, y1 - 0.02], 0.012);
    paint(pixel, 0.4 * coverage(side, 0.05), bridge);
    const tip = ellipse(x - x1, y - y1, noseWidth * cosYaw, 0.55 * noseWidth);
    const above = ellipse(x - x1, y - y1 + 0.028, 1.15 * noseWidth, 0.62 * noseWidth);
    paint(pixel, 0.75 * coverage(Math.max(tip, -above), px), shadow);
  };
}
