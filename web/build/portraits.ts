import { PNG } from 'pngjs';

/** The same pixels in fewer bytes: the better of no filter and a filter chosen for each row. Alpha is left out. */
export function recompressed(png: Buffer): Buffer {
  return smallest(PNG.sync.read(png));
}

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
  return smallest(small);
}

function smallest(picture: PNG): Buffer {
  // Strategy 0 is zlib's ordinary one: pngjs takes another, which suits photographs.
  const written = [0, -1].map((filterType) =>
    PNG.sync.write(picture, { colorType: 2, filterType, deflateLevel: 9, deflateStrategy: 0 }),
  );
  return written.reduce((best, other) => (other.length < best.length ? other : best));
}
