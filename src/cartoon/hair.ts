import type { Figure } from './figure.js';
import type { HairStyle } from './identity.js';
import { mapColour } from './identity.js';
import type { Layer } from './pixel.js';
import { clamp, coverage, ellipse, paint } from './pixel.js';

const isLong = (style: HairStyle) => style === 'long' || style === 'bun';

/** Whether hair hangs beside the face, over the ears. */
export const hidesEars = (style: HairStyle) => isLong(style) || style === 'bob';

/** What is seen of the hair behind the head. */
export function backHair({ identity, at, pixel: px, darkHair }: Figure): Layer {
  const { hairStyle: style, headX, headY } = identity;
  if (!hidesEars(style) && style !== 'afro') return () => undefined;
  const [x0, y0] = at(0, 0, -0.14);
  const [long, bob, afro] = [isLong(style) ? 1 : 0, style === 'bob' ? 1 : 0, style === 'afro' ? 1 : 0];
  const wide = 1 + 0.3 * afro + 0.16 * bob + 0.14 * long;
  return (pixel) => {
    const [x, y] = [pixel.x - x0, pixel.y - y0];
    const cap = ellipse(x, y + 0.08 + 0.06 * afro, headX * wide, headY * (wide - 0.05 * bob));
    const hanging = Math.max(
      Math.abs(x) - headX * (1.1 + 0.06 * y),
      -y - 0.1,
      y - (0.95 * long + 0.42 * bob),
    );
    paint(pixel, coverage(afro ? cap : Math.min(cap, hanging), px), darkHair);
  };
}

/** The edge of the hair on the forehead, over x in half heads. */
function hairlineOf(style: HairStyle, hairline: number, parting: number): (x: number) => number {
  switch (style) {
    case 'short':
      return (x) => hairline - 0.02 + 0.3 * x ** 2;
    case 'part':
      return (x) => hairline - 0.1 + 0.22 * Math.abs(x - parting) + 0.16 * x ** 2;
    case 'fringe':
      return (x) => hairline + 0.1 + 0.03 * Math.sin(9 * x) + 0.06 * x ** 2;
    case 'long':
    case 'bun':
      return (x) => hairline - 0.08 + 0.55 * x ** 2;
    case 'bob':
      return (x) => hairline + 0.08 + 1.65 * clamp(Math.abs(x) - 0.62, 0, 1);
    case 'afro':
    case 'bald':
      return (x) => hairline - 0.02 + 0.25 * x ** 2;
  }
}

/** The hair before the head, its shine, and the bun. */
export function frontHair({ identity, at, pixel: px, sinYaw, darkHair }: Figure): Layer {
  const { hairStyle: style, hair, headX, headY, hairVolume, hairline, parting } = identity;
  if (style === 'bald') return () => undefined;
  const [x0, y0] = at(0, 0, 0.06);
  const [bunX, bunY] = at(0, -0.7, -0.05);
  const edge = hairlineOf(style, hairline, parting);
  const shine = mapColour(hair, (value) => clamp(1.5 * value + 0.08, 0, 1));
  return (pixel) => {
    const [x, y] = [pixel.x - x0, pixel.y - y0];
    const across = x / headX - 0.35 * sinYaw;
    const cap = ellipse(x, y + 0.02, headX + hairVolume, headY + hairVolume);
    const distance = Math.max(cap, 0.8 * (y - edge(across)));
    paint(pixel, coverage(distance, px), hair);
    const band = Math.abs(y + 0.42 + 0.25 * across ** 2) - 0.02;
    paint(pixel, 0.25 * coverage(Math.max(distance + 0.05, band), 0.08), shine);
    if (style === 'bun') {
      paint(pixel, coverage(ellipse(pixel.x - bunX, pixel.y - bunY + 0.02, 0.17, 0.14), px), darkHair);
    }
  };
}
