import type { Figure } from './figure.js';
import type { Colour } from './identity.js';
import { mapColour } from './identity.js';
import type { Layer } from './pixel.js';
import { clamp, coverage, ellipse, paint } from './pixel.js';

const throat: Colour = [0.22, 0.05, 0.07];
const tongue: Colour = [0.82, 0.36, 0.4];
const teeth: Colour = [0.97, 0.96, 0.93];

/** Middle, half width and the curves of the lips' edges. */
function mouthShape({ identity, motion, at, cosYaw }: Figure) {
  const { jaw, width, round, smile } = motion;
  const [x0, y0] = at(0, identity.mouthY + 0.012 * jaw, 0.36);
  const half = Math.max(
    0.05,
    identity.mouthWidth * (1 + 0.28 * width + 0.22 * smile - 0.48 * round) * cosYaw,
  );
  return { x0, y0, half };
}

/** Lips, and between them throat, tongue and teeth as far as the jaw opens; closed, a dark line. */
export function mouth(figure: Figure): Layer {
  const { identity, motion, pixel: px } = figure;
  const { jaw, round, smile } = motion;
  const { x0, y0, half } = mouthShape(figure);
  const { lip, skin } = identity;
  const thickness = identity.lipThickness * (1 + 0.35 * round - 0.2 * Math.abs(smile));
  const teethHeight = clamp(0.018 + 0.06 * jaw, 0, 0.05) * (1 - 0.6 * round);
  const closedLine = mapColour(lip, (value) => 0.42 * value);
  const corner = mapColour(skin, (value) => 0.55 * value);
  const cornerY = -smile * 0.085 * 0.65;
  return (pixel) => {
    const [x, y] = [pixel.x - x0, pixel.y - y0];
    const along = x / half;
    const square = clamp(along * along, 0, 1.6);
    const arch = clamp(1 - square, 0, 1);
    const bow = Math.sqrt(arch) * (0.65 + 0.35 * arch);
    const curve = -smile * 0.085 * (square - 0.35);
    const upper = curve - 0.05 * jaw * bow;
    const lower = curve + 0.225 * jaw * bow;
    const end = (Math.abs(along) - 1) * half;

    const outer = Math.max(
      upper - thickness * (0.35 + 0.65 * bow) - y,
      y - lower - thickness * (0.35 + 0.85 * bow),
      end - 0.5 * thickness,
    );
    paint(pixel, coverage(outer, px), lip);
    const inside = coverage(Math.max(upper - y, y - lower, end), px) * clamp(12 * jaw, 0, 1);
    paint(pixel, inside, throat);
    const tongueShape = ellipse(x, y - (0.175 * jaw + 0.02), 0.62 * half, 0.02 + 0.085 * jaw);
    paint(pixel, Math.min(coverage(tongueShape, px), inside), tongue);
    const fade = clamp(1 - 4 * (Math.abs(along) - 0.62), 0, 1);
    paint(pixel, Math.min(coverage(y - upper - teethHeight, px), inside) * fade, teeth);
    const line = Math.max(Math.abs(y - 0.5 * (upper + lower)) - 0.009, end);
    paint(pixel, 0.9 * coverage(line, 0.03) * clamp(1 - 9 * jaw, 0, 1), closedLine);
    for (const side of [-1, 1]) {
      paint(pixel, 0.6 * coverage(Math.hypot(x - side * half, y - cornerY) - 0.012, 0.03), corner);
    }
  };
}
