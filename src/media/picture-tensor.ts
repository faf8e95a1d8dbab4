import type { Picture } from './picture.js';

/**
 * A picture as the encoder takes it: `[1, 3, height, width]`, each channel value/127.5 − 1.
 *
 * @param picture RGB, 3 bytes a pixel, row-major.
 */
export function pictureTensor(picture: Picture): Float32Array<ArrayBuffer> {
  const plane = picture.width * picture.height;
  const values = new Float32Array(3 * plane);
  for (let at = 0; at < plane; at++) {
    for (let c = 0; c < 3; c++) values[c * plane + at] = picture.data[3 * at + c]! / 127.5 - 1;
  }
  return values;
}
