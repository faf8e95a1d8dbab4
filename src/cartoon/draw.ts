import type { Picture } from '../media/picture.js';
import { background, body } from './body.js';
import { eyes } from './eyes.js';
import { headCoordinates, openFigure } from './figure.js';
import { backHair, frontHair } from './hair.js';
import { ears, head, nose } from './head.js';
import type { Identity } from './identity.js';
import type { CartoonMotion } from './motion.js';
import { mouth } from './mouth.js';
import type { Pixel } from './pixel.js';
import { clamp } from './pixel.js';

/**
 * A cartoon head: the pictures that the demo model was trained on. Each layer is a shape by its signed distance, so
 * that edges are smooth at any size; features lie at depths of their own, so that a turn of the head moves them against
 * each other.
 *
 * @param size side of the picture in pixels.
 */
export function drawCartoon(identity: Identity, motion: CartoonMotion, size: number): Picture {
  const figure = openFigure(identity, motion, size);
  const layers = [background, backHair, body, ears, head, nose, mouth, eyes, frontHair].map((layer) =>
    layer(figure),
  );
  const inHead = headCoordinates(figure);
  const data = new Uint8Array(size * size * 3);
  const centre = (at: number) => (2 * at + 1) / size - 1;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const [u, v] = [centre(column), centre(row)];
      const [x, y] = inHead(u, v);
      const pixel: Pixel = { u, v, x, y, red: 0, green: 0, blue: 0 };
      for (const layer of layers) layer(pixel);
      const at = 3 * (row * size + column);
      data[at] = byteOf(pixel.red);
      data[at + 1] = byteOf(pixel.green);
      data[at + 2] = byteOf(pixel.blue);
    }
  }
  return { width: size, height: size, data };
}

const byteOf = (value: number) => Math.floor(clamp(255 * value + 0.5, 0, 255));
