import { PNG } from 'pngjs';

/** A PNG of a quarter of the width and height: each pixel the mean of 4×4. Sides must be multiples of 4. */
export function quarterSize(png: Buffer): Buffer {
  const { width, height, data } = PNG.sync.read(png);
  const small = new PNG({ width: width / 4, height: height / 4 });
  for (let y = 0; y < small.height; y++) {
    for (let x = 0; x < small.width; x++) {
      for (let channel = 0; channel < 4; channel++) {
        let sum = 0;
        for (let pixel = 0; pixel < 16; pixel++) {
          sum += data[4 * ((4 * y + (pixel >> 2)) * width + 4 * x + (pixel & 3)) + channel]!;
        }
        small.data[4 * (y * small.width + x) + channel] = Math.round(sum / 16);
      }
    }
  }
  return PNG.sync.write(small, { deflateLevel: 9, colorType: 2 });
}
